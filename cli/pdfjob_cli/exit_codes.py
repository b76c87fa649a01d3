"""The exit codes of `pdfjob`."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of every command."""

    OK = 0
    FAILED = 1
    USAGE = 2
    PARTIAL = 3
    """The output is written, but pages are missing."""
    INTERRUPTED = 130
