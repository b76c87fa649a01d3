"""The errors that a stage can end with; a module of its own, because most folders raise them."""

from __future__ import annotations

from chunk_runner.contract.limits import shorten
from chunk_runner.contract.reasons import Reason


class StageError(Exception):
    """A foreseen failure: a reason for programs, and one sentence for users."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(reason, message)  # both, so that the error can be pickled on its way out of a child process
        self.reason = reason
        self.message = shorten(message)

    def __str__(self) -> str:
        return self.message


class SourceError(StageError):
    """The source cannot be processed; another attempt would fail, too."""


class ChunkError(StageError):
    """The chunk cannot be processed; another attempt would fail, too."""


class MoreMemoryError(StageError):
    """A page needs more memory than this pod may use; a pod with more memory may succeed."""


class ConfigurationError(StageError):
    """The configuration of the job is wrong, so every chunk would fail; another attempt would fail, too."""


class UsageError(ConfigurationError):
    """The command line or the environment is invalid; another attempt would fail, too."""


class UnavailableError(StageError):
    """The model's service did not answer for a long time; another attempt may succeed."""


class WorkspaceError(StageError):
    """The workspace cannot be read or written; another attempt may succeed."""


class UnwritableError(WorkspaceError):
    """The workspace cannot be written, so every chunk would fail until there is room or permission."""


class LostWorkspaceError(WorkspaceError):
    """The workspace of a prepared job is not there; another attempt at the same stage would fail, too."""


class LedgerError(StageError):
    """The ledger has not exactly one entry for each page: a bug, and the job must not complete."""
