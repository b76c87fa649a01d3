"""The signals that stop a run, which must remove its files and end its processes first.

During a run, Ctrl-C, SIGTERM, SIGHUP and SIGQUIT raise `KeyboardInterrupt`. At any other time they end the process, see
`__main__`. Processes that the run starts do not receive them from a terminal, because the run ends them itself.
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pdfjob_cli.exit_codes import STOPS, Exit


if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


_received: list[int] = []
"""The signals that have stopped the run, in order."""


@contextmanager
def raised() -> Iterator[None]:
    """Make the signals raise `KeyboardInterrupt` within the block, unless they are ignored."""
    before = {number: signal.getsignal(number) for number in STOPS}
    stops = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    try:
        for number in stops:
            signal.signal(number, _interrupt)
        yield
    finally:
        for number in stops:
            signal.signal(number, before[number])


@contextmanager
def deferred() -> Iterator[None]:
    """Hold back what `raised` raises until the end of the block, for steps that must not be interrupted halfway."""
    held: list[int] = []
    is_main = threading.current_thread() is threading.main_thread()  # only there signals are handled
    stops = [number for number in STOPS if is_main and signal.getsignal(number) is _interrupt]
    for number in stops:
        signal.signal(number, lambda number, _frame: held.append(number))
    try:
        yield
    finally:
        for number in stops:
            signal.signal(number, _interrupt)
        if held:
            _interrupt(held[0], None)


@contextmanager
def kept_from_children() -> Iterator[None]:
    """Start processes within the block that receive none of the signals, not even before they can ignore them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def exit_code(code: Exit) -> int:
    """Return the exit code of the program; after a signal it is that of a shell: 128 and the number of the signal."""
    return 128 + _received[0] if code is Exit.INTERRUPTED and _received else int(code)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    _received.append(number)
    raise KeyboardInterrupt
