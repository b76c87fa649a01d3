"""Ctrl-C: from the first moment of the process to the last it shows one line, never a traceback. Loads nothing else.

While there is nothing to put in order, the process ends at once. While a run holds files and processes, Ctrl-C raises
`KeyboardInterrupt`, as do SIGTERM and SIGHUP, so that no temporary file and no worker stays behind.
"""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Never

from pdfjob_cli.exit_codes import Exit


if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

MESSAGE = "Interrupted."

_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def exit_at_once() -> None:
    """Make Ctrl-C end the process at once, with a line on stderr."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # ignored by a shell that runs it in the background
        signal.signal(signal.SIGINT, _exit)


@contextmanager
def raised() -> Iterator[None]:
    """Make Ctrl-C, SIGTERM and SIGHUP raise `KeyboardInterrupt` within the block, unless they are ignored."""
    before = {number: signal.getsignal(number) for number in _STOPS}
    stops = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    try:
        for number in stops:
            signal.signal(number, signal.default_int_handler)
        yield
    finally:
        for number in stops:
            signal.signal(number, before[number])


@contextmanager
def deferred() -> Iterator[None]:
    """Hold back what `raised` raises until the end of the block, which must not be left half done."""
    held: list[int] = []
    before = {number: signal.getsignal(number) for number in _STOPS}
    for number, handler in before.items():
        if handler is signal.default_int_handler:
            signal.signal(number, lambda number, _frame: held.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if held:
            raise KeyboardInterrupt


@contextmanager
def kept_from_children() -> Iterator[None]:
    """Start processes within the block that never receive Ctrl-C, not even before they can ignore it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _exit(_signal: int, _frame: FrameType | None) -> Never:
    os.write(2, f"{MESSAGE}\n".encode())
    os._exit(Exit.INTERRUPTED)
