"""The failures a stage can end with; a module of their own because sources, PDFs and stages all raise them."""

from __future__ import annotations

from chunk_runner.contract.limits import shorten
from chunk_runner.contract.reasons import Reason


class StageError(Exception):
    """A foreseen failure: a reason for programs and one sentence for people."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(reason, message)  # both, so that it survives the way out of a child process
        self.reason = reason
        self.message = shorten(message)

    def __str__(self) -> str:
        return self.message


class SourceError(StageError):
    """The source cannot be processed; another attempt would end the same way."""


class ChunkError(StageError):
    """This chunk cannot be processed; another attempt would end the same way."""


class MoreMemoryError(StageError):
    """A page needs more memory than this pod may use; a pod with more may help."""


class ConfigurationError(StageError):
    """The job's configuration is at fault, so that every chunk would fail; another attempt would end the same way."""


class UsageError(ConfigurationError):
    """The command line or the environment is wrong."""


class UnavailableError(StageError):
    """The model's service did not answer for a long time; another attempt may help."""


class WorkspaceError(StageError):
    """The workspace cannot be read or written; another attempt may help."""


class LedgerError(StageError):
    """The pages do not add up: a fault of this program, and the job must not complete."""
