"""A request to the API server, and what may be answered in place of the truth. Knows no object's content."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from simulation.simulator.kinds import Ref


@dataclass(frozen=True)
class Call:
    """A request.

    Attributes:
        client: Who asks: `operator-1`, and `operator-2` after a restart.
        agent: Its user agent.
        verb: `get`, `list`, `watch`, `create`, `replace`, `patch`, `delete`, or `discover`.
        ref: The object; without a name for a list or a watch.
        subresource: `status` or nothing.
        params: Of the query.
        body: Of the request.
    """

    client: str
    agent: str
    verb: str
    ref: Ref
    subresource: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return self.verb in ("create", "replace", "patch", "delete")

    @property
    def point(self) -> str:
        """A name for people: `create jobs prepare`, `replace pdfjobs/status germinal Processing`."""
        labels = self.body.get("metadata", {}).get("labels") or {}
        about = labels.get("pdfjob.dev/stage") or self.ref.name or self.body.get("reason", "")
        phase = self.body.get("status", {}).get("phase", "")
        subresource = f"/{self.subresource}" if self.subresource else ""
        return f"{self.verb} {self.ref.kind.plural}{subresource} {about} {phase}".strip()


@dataclass(frozen=True)
class Error:
    """An answer that is an error.

    Attributes:
        code: Of HTTP.
        reason: In one word.
        retry_after: Seconds, for the header of that name.
    """

    code: int
    reason: str = "Simulated"
    retry_after: int | None = None


class Break(Enum):
    """No answer at all."""

    RESET = "the connection is reset"
    HANG = "nothing comes, ever"


class Effect(Enum):
    """What happens to an event of a watch."""

    DROP = "it is not sent"
    TWICE = "it is sent twice"
    CLOSE = "the stream ends before it"
    SILENCE = "the stream stays open, and nothing comes on it any more"


@dataclass(frozen=True)
class Delay:
    """The event, and all that follow it on its stream, come so many seconds later."""

    seconds: float


Answer = Error | Break
StreamEffect = Effect | Delay | Error
Match = Callable[[Call], bool]
