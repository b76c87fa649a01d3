"""The exit codes of the chunk runner."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of a stage, for the Job's `podFailurePolicy` and for readers of `kubectl describe`."""

    OK = 0
    UNEXPECTED = 1
    """An unforeseen error; another attempt may succeed."""
    USAGE = 2
    """The command line or the environment is invalid (the Job fails at once)."""
    SOURCE = 20
    """The source cannot be processed, and no further attempt will change that (the Job fails at once)."""
    CHUNK = 21
    """The chunk cannot be processed, and no further attempt will change that (its index fails at once)."""
    CONFIGURATION = 22
    """The configuration of the job is wrong, so every other chunk would fail, too (the Job fails at once)."""
    WORKSPACE = 23
    """The volume is full, read-only or not writable for this user; another attempt may succeed."""
    MEMORY = 24
    """A page needs more memory than this pod may use, and a pod with more can follow (its index fails at once)."""
    UNAVAILABLE = 25
    """The model's service did not answer for a long time; another attempt may succeed."""
    WORKSPACE_LOST = 26
    """The workspace of a prepared job is gone, and no further attempt will bring it back (the Job fails at once)."""
    NOT_EARLY = 27
    """A merge that was to be early finds pages that another attempt may recover: it leaves them to the usual merge."""
    INTERRUPTED = 143
    """SIGTERM: the pod was told to stop. Finished work is kept."""
