"""The exit codes of `pdfjob`. Imports next to nothing, see `__main__`."""

from __future__ import annotations

import signal
from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of every command."""

    OK = 0
    FAILED = 1
    USAGE = 2
    PARTIAL = 3
    """The output is written, but pages are missing."""
    INTERRUPTED = 130
    """A signal stopped the run: Ctrl-C. `interrupts.exit_code` has the codes of the others."""


STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""The signals that stop the program in an orderly way."""

INTERRUPTED_MESSAGE = "Interrupted."
"""The line that goes with `INTERRUPTED`."""
