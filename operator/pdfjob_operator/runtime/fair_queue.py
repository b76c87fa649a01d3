"""Fair queue: keys that are due, by group; groups take turns, so that no group waits for all keys of another. Pure.

A group with 10,000 keys delays the first key of another by one turn. A group never takes all places either, because a
key that is being processed cannot be interrupted, and the keys of one group may all be slow.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from typing import TYPE_CHECKING, Generic, TypeVar


if TYPE_CHECKING:
    from collections.abc import Callable, Hashable


KeyT = TypeVar("KeyT")


class FairQueue(Generic[KeyT]):
    """Keys that are due and keys that are taken.

    Args:
        group: Returns the group of a key.
        most_taken: How many keys of one group may be taken at the same time.
    """

    def __init__(self, group: Callable[[KeyT], Hashable], *, most_taken: int) -> None:
        self._group = group
        self._most_taken = most_taken
        self._due: OrderedDict[Hashable, deque[tuple[float, KeyT]]] = OrderedDict()  # groups in the order of turns
        self._taken: Counter[Hashable] = Counter()

    def put(self, key: KeyT, since: float) -> None:
        """Add a key that is not in the queue, and has been due since this time."""
        self._due.setdefault(self._group(key), deque()).append((since, key))

    def take(self) -> KeyT | None:
        """Take the next key; return `None` if every group that has one must wait."""
        group = next((group for group in self._due if self._taken[group] < self._most_taken), None)
        if group is None:
            return None
        keys = self._due[group]
        _, key = keys.popleft()
        if keys:
            self._due.move_to_end(group)
        else:
            del self._due[group]
        self._taken[group] += 1
        return key

    def done(self, key: KeyT) -> None:
        """Give back a key that was taken."""
        group = self._group(key)
        self._taken[group] -= 1
        if not self._taken[group]:
            del self._taken[group]

    def due_since(self) -> float | None:
        """Return since when the first key has been due; `None` if none is."""
        return min((keys[0][0] for keys in self._due.values()), default=None)
