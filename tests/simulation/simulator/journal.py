"""What was asked of the cluster, by whom, and what changed by it: one entry for each revision."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from simulation.simulator.kinds import Manifest, Ref


class By(NamedTuple):
    """Who asks for something."""

    client: str = "user"
    agent: str = ""


class How(NamedTuple):
    """What is asked for.

    Attributes:
        verb: `create`, `replace`, `patch`, `delete`, or `collect` for the garbage collector.
        subresource: `status` or nothing.
        by: Who asks.
    """

    verb: str
    subresource: str = ""
    by: By = By()


USER = By()
REPLACE, PATCH, DELETE = How("replace"), How("patch"), How("delete")


@dataclass(frozen=True)
class Change:
    """One revision.

    Attributes:
        revision: Its number.
        time: When.
        how: What was asked for.
        ref: The object.
        before: The object before; `None` when it is new.
        after: The object after, or as it was last; never modified.
    """

    revision: int
    time: datetime
    how: How
    ref: Ref
    before: Manifest | None
    after: Manifest

    @property
    def type(self) -> str:
        """As in a watch."""
        if self.how.verb in ("delete", "collect"):
            return "DELETED"
        return "ADDED" if self.before is None else "MODIFIED"

    def __str__(self) -> str:
        status = self.after.get("status", {})
        told = {key: status[key] for key in ("phase", "message", "active", "completedIndexes") if key in status}
        verb, subresource, by = self.how
        part = f"/{subresource}" if subresource else ""
        return f"#{self.revision} {self.time:%H:%M:%S} {by.client}: {verb} {self.ref}{part} {told or ''}"


class RefusedError(Exception):
    """What was asked for is not done.

    Args:
        code: Of HTTP.
        reason: In one word.
        message: In one sentence.
    """

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.code, self.reason, self.message = code, reason, message
