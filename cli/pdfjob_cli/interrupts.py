"""Ctrl-C, SIGTERM and SIGHUP during a run, which must remove its files and end its processes first.

During a run, all three raise `KeyboardInterrupt`. At any other time they end the process, see `__main__`.
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Iterator


_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


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
    """Hold back what `raised` raises until the end of the block, for steps that must not be interrupted halfway."""
    held: list[int] = []
    is_main = threading.current_thread() is threading.main_thread()  # only there signals are handled
    stops = [number for number in _STOPS if is_main and signal.getsignal(number) is signal.default_int_handler]
    for number in stops:
        signal.signal(number, lambda number, _frame: held.append(number))
    try:
        yield
    finally:
        for number in stops:
            signal.signal(number, signal.default_int_handler)
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
