"""The exit codes of `pdfjob`."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """How a command ended."""

    OK = 0
    FAILED = 1
    USAGE = 2
    PARTIAL = 3
    """The output is written, but pages are missing."""
    INTERRUPTED = 130
