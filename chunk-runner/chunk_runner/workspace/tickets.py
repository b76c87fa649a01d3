"""Tickets: the order in which the attempts of a round take their turns, without a lock.

An attempt takes the next number, and begins once fewer than `workers` earlier attempts have not ended. So no more than
`workers` are under way: the last one of them saw fewer than that before it without an end. Nobody has to see an end at
once: who sees it late begins late.

A ticket exists before a later one is taken, and only grows, so that opening it shows on NFS what other nodes have
written (close-to-open consistency, nfs(5)). An attempt that is killed leaves no end. While it lives, it touches its
ticket; one that has not changed for `SILENT_SECONDS` by the clock of the attempt that waits counts as ended.
"""

from __future__ import annotations

import json
import logging
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chunk_runner.errors import UnwritableError
from chunk_runner.workspace import durable
from chunk_runner.workspace.file_names import ticket_file
from chunk_runner.workspace.files import unwritable


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from chunk_runner.workspace.files import Workspace

log = logging.getLogger(__name__)

TOUCH_SECONDS = 5.0
"""How often an attempt touches its ticket."""

SILENT_SECONDS = 60.0
"""Without a change for so long, the attempt is dead. It may also be frozen: then there is one more under way."""


@dataclass(frozen=True)
class _Ticket:
    """What a ticket says.

    Attributes:
        changed: Its time of modification, in nanoseconds.
        ended: Whether its attempt has ended.
        waiting_for: Once the attempt has begun, the numbers of the attempts before it that had not ended then.
    """

    changed: int
    ended: bool
    waiting_for: tuple[int, ...] | None


class Tickets:
    """The tickets of a round, as one attempt sees them.

    Args:
        workspace: The workspace, in that round, for that attempt.
        now: The clock of the attempt, in seconds.
    """

    def __init__(self, workspace: Workspace, now: Callable[[], float] = time.monotonic) -> None:
        self._workspace = workspace
        self._now = now
        self._ended: set[int] = set()
        self._seen: dict[int, tuple[int, float]] = {}

    def take(self) -> int:
        """Take the next number, and return it.

        Raises:
            UnwritableError: The workspace cannot be written.
        """
        number = self._first_free()
        while not self._create(number):
            number += 1
        return number

    def unended_before(self, number: int) -> set[int]:
        """Return the earlier numbers whose attempts have not ended, as far as this node sees."""
        unended: set[int] = set()
        for earlier in range(number - 1, -1, -1):
            ticket = self._read(earlier)
            if not self._has_ended(earlier, ticket):
                unended.add(earlier)
            if ticket is not None and ticket.waiting_for is not None:  # of all others before it, it has seen the end
                unended.update(it for it in ticket.waiting_for if not self._has_ended(it, self._read(it)))
                break
        return unended

    def begin(self, number: int, unended: Iterable[int]) -> None:
        """Record that an attempt begins, and which earlier ones had not ended then.

        Raises:
            UnwritableError: The workspace cannot be written.
        """
        self._append(number, {"began": sorted(unended)})

    def end(self, number: int) -> None:
        """Record that an attempt has ended; without the record, others notice after `SILENT_SECONDS`."""
        try:
            self._append(number, {"ended": True})
        except UnwritableError as error:  # the workspace may be merged, and gone with its tickets
            log.warning("cannot record the end of this attempt: %s", error)

    def touch(self, number: int) -> None:
        """Show that an attempt is alive."""
        now = time.time_ns()  # to the nanosecond; the kernel's own time of a change is coarser
        with suppress(OSError):  # it may be alive in vain, if the workspace is gone
            os.utime(self._workspace.path(ticket_file(self._workspace.round_number, number)), ns=(now, now))

    def _first_free(self) -> int:
        """Return a number that no attempt has taken as far as this node sees; all before it are taken."""
        free = 1
        while self._is_taken(free - 1):
            free *= 2
        taken = free // 2 - 1  # the last number that was found taken; -1 if none was
        free -= 1
        while free - taken > 1:
            middle = (taken + free) // 2
            taken, free = (middle, free) if self._is_taken(middle) else (taken, middle)
        return free

    def _is_taken(self, number: int) -> bool:
        return self._workspace.path(ticket_file(self._workspace.round_number, number)).exists()

    def _create(self, number: int) -> bool:
        name = ticket_file(self._workspace.round_number, number)
        with self._workspace.writing(name) as file:
            file.write(_line({"attempt": self._workspace.attempt}))
        try:
            return durable.create(self._workspace.temporary(name), self._workspace.path(name))
        except OSError as error:
            raise unwritable(error) from error

    def _append(self, number: int, record: Mapping[str, Any]) -> None:
        """Add a line to a ticket that exists: one whose workspace was cleaned must not come back."""
        try:
            with self._workspace.path(ticket_file(self._workspace.round_number, number)).open("r+b") as file:
                file.seek(0, os.SEEK_END)
                file.write(_line(record))
        except OSError as error:
            raise unwritable(error) from error

    def _read(self, number: int) -> _Ticket | None:
        """Read a ticket; `None` if this node does not see it."""
        if number in self._ended:
            return _Ticket(0, ended=True, waiting_for=None)
        try:
            with self._workspace.path(ticket_file(self._workspace.round_number, number)).open("rb") as file:
                changed, lines = os.fstat(file.fileno()).st_mtime_ns, file.read().splitlines()
        except FileNotFoundError:
            return None
        records: dict[str, Any] = {}
        for line in lines:
            with suppress(ValueError, RecursionError):  # a line that was cut short, or altered
                record = json.loads(line)
                records |= record if isinstance(record, dict) else {}
        began = records.get("began")
        numbers = began if isinstance(began, list) else ()
        earlier = tuple(it for it in numbers if type(it) is int and 0 <= it < number)
        return _Ticket(changed, ended="ended" in records, waiting_for=earlier if isinstance(began, list) else None)

    def _has_ended(self, number: int, ticket: _Ticket | None) -> bool:
        """Return whether an attempt has ended, or has been silent for so long that it must be dead."""
        if number in self._ended:
            return True
        changed, now = 0 if ticket is None else ticket.changed, self._now()
        last, since = self._seen.setdefault(number, (changed, now))
        if last != changed:
            self._seen[number] = (changed, now)
        elif now - since >= SILENT_SECONDS:
            self._ended.add(number)
        if ticket is not None and ticket.ended:
            self._ended.add(number)
        return number in self._ended


def _line(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record).encode() + b"\n"
