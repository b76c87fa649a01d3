"""The history of the objects of one kind in a namespace, complete from one list of them to another.

The watch starts at the resourceVersion of a first list, so no change is lost while its program starts, and counts as
complete once it has delivered everything that a second list shows. Knows nothing of what the objects mean.
"""

import json
from collections.abc import Iterable
from threading import Condition
from typing import Any


Manifest = dict[str, Any]

PATIENCE_SECONDS = 120.0
"""How long to wait for changes that the API server has made already. No promise: the machine may be busy."""


class History:
    """The states that objects had, in order; one thread writes it, others wait for it.

    Attributes:
        states: The objects of the first list, then every change, a deletion with the object's last state.

    Args:
        listed: The first list.
    """

    def __init__(self, listed: Manifest) -> None:
        self.states: list[Manifest] = list(listed["items"])
        self._versions = dict(map(_version_of, self.states))
        self._deleted: set[str] = set()
        self._news = Condition()
        self._ended = False

    def read(self, stream: Iterable[str]) -> None:
        """Read a watch, one event per line, until it ends; leave out a last line that is cut."""
        try:
            for line in stream:
                if line.endswith("\n"):
                    self._note(json.loads(line))
        finally:
            with self._news:
                self._ended = True
                self._news.notify_all()

    def wait_until_told(self, listed: Manifest) -> None:
        """Wait until everything that led to a second list has been read.

        Raises:
            AssertionError: The watch ended before, or is too late.
        """
        now = int(listed["metadata"]["resourceVersion"])
        versions = dict(map(_version_of, listed["items"]))

        def is_told() -> bool:
            left = [version for uid, version in self._versions.items() if uid not in {*versions, *self._deleted}]
            return all(version > now for version in left) and all(
                self._versions.get(uid, 0) >= version for uid, version in versions.items()
            )

        with self._news:
            self._news.wait_for(lambda: is_told() or self._ended, PATIENCE_SECONDS)
            assert is_told(), f"read: {self._versions}; listed at {now}: {versions}"

    def _note(self, event: Manifest) -> None:
        assert event["type"] != "ERROR", event["object"]
        uid, version = _version_of(event["object"])
        with self._news:
            self.states.append(event["object"])
            self._versions[uid] = version
            if event["type"] == "DELETED":
                self._deleted.add(uid)
            self._news.notify_all()


def _version_of(thing: Manifest) -> tuple[str, int]:
    """Return an object's uid and its resourceVersion, which Kubernetes lets clients compare as a number."""
    return str(thing["metadata"]["uid"]), int(thing["metadata"]["resourceVersion"])
