"""The exit codes of the chunk runner."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a stage ended, for the Job's `podFailurePolicy` and for people reading `kubectl describe`."""

    OK = 0
    UNEXPECTED = 1
    """A fault nobody foresaw; another attempt may help."""
    USAGE = 2
    """The command line or the environment is wrong."""
    SOURCE = 20
    """The source cannot be processed, and no further attempt will change that (the Job fails at once)."""
    CHUNK = 21
    """The chunk cannot be processed, and no further attempt will change that (its index fails at once)."""
    CONFIGURATION = 22
    """The job's configuration is at fault, so every other chunk would fail too (the Job fails at once)."""
    WORKSPACE = 23
    """The volume is full, read-only or not writable for this user; another attempt may help."""
    MEMORY = 24
    """A page needs more memory than this pod may use, and there are pods with more (its index fails at once)."""
    UNAVAILABLE = 25
    """The model's service did not answer for a long time; another attempt may help."""
    INTERRUPTED = 143
    """SIGTERM: the pod was told to go. What is finished is kept."""
