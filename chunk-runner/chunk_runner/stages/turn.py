"""Waiting for a turn: a pod that has started early processes its chunk once another has ended.

Knows the order of tickets, and not what is done in a turn.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chunk_runner.workspace.tickets import TOUCH_SECONDS, Tickets


if TYPE_CHECKING:
    from collections.abc import Iterator

    from chunk_runner.workspace.files import Workspace

PAUSE_SECONDS = 0.1
"""Pause between two looks at the tickets of others."""


@contextmanager
def turn(workspace: Workspace, workers: int) -> Iterator[None]:
    """Run the block once fewer than `workers` attempts of this round are under way that have come before.

    A signal that ends the process ends the waiting, too.

    Raises:
        UnwritableError: The workspace cannot be written.
        OSError: A ticket cannot be read.
    """
    tickets, done = Tickets(workspace), threading.Event()
    number = tickets.take()

    def touch() -> None:
        while not done.wait(TOUCH_SECONDS):
            tickets.touch(number)

    threading.Thread(target=touch, daemon=True).start()
    try:
        while len(unended := tickets.unended_before(number)) >= workers:
            time.sleep(PAUSE_SECONDS)
        tickets.begin(number, unended)
        yield
    finally:
        done.set()
        tickets.end(number)
