"""The reasons for which a page, a chunk or a job fails."""

from __future__ import annotations

from enum import StrEnum

from chunk_runner.contract.limits import REASON_LIMIT


class Reason(StrEnum):
    """The reasons of failures in results, reports, conditions and events."""

    SOURCE_NOT_FOUND = "SourceNotFound"
    SOURCE_EMPTY = "SourceEmpty"
    NOT_A_PDF = "NotAPdf"
    SOURCE_UNREADABLE = "SourceUnreadable"
    PASSWORD_REQUIRED = "PasswordRequired"
    WRONG_PASSWORD = "WrongPassword"
    ENCRYPTION_UNSUPPORTED = "EncryptionUnsupported"
    PAGES_OUT_OF_RANGE = "PagesOutOfRange"
    NO_PAGES = "NoPages"
    CHECKSUM_MISMATCH = "ChecksumMismatch"
    PATH_REFUSED = "PathRefused"
    SOURCE_CHANGED = "SourceChanged"
    CHUNK_UNREADABLE = "ChunkUnreadable"
    PAGE_UNREADABLE = "PageUnreadable"
    TIME_LIMIT_EXCEEDED = "TimeLimitExceeded"
    MEMORY_LIMIT_EXCEEDED = "MemoryLimitExceeded"
    STORAGE_LIMIT_EXCEEDED = "StorageLimitExceeded"
    RESULT_CORRUPT = "ResultCorrupt"
    CRASHED = "Crashed"
    OUT_OF_MEMORY = "OutOfMemory"
    TOO_MANY_FAILED_CHUNKS = "TooManyFailedChunks"
    INTERRUPTED = "Interrupted"
    DEADLINE_EXCEEDED = "DeadlineExceeded"
    WORKSPACE_UNAVAILABLE = "WorkspaceUnavailable"
    CONFIGURATION_ERROR = "ConfigurationError"
    CONTENT_REFUSED = "ContentRefused"
    RECITATION = "Recitation"
    OUTPUT_TRUNCATED = "OutputTruncated"
    OUTPUT_INVALID = "OutputInvalid"
    REQUEST_REFUSED = "RequestRefused"
    QUOTA_EXHAUSTED = "QuotaExhausted"
    MODEL_UNAVAILABLE = "ModelUnavailable"
    TOKEN_BUDGET_REACHED = "TokenBudgetReached"
    JOB_STOPPED = "JobStopped"
    UNEXPECTED = "UnexpectedError"


RETRYABLE = frozenset(
    {
        Reason.CONTENT_REFUSED,
        Reason.RECITATION,
        Reason.OUTPUT_TRUNCATED,
        Reason.OUTPUT_INVALID,
        Reason.REQUEST_REFUSED,
        Reason.MODEL_UNAVAILABLE,
        Reason.TOKEN_BUDGET_REACHED,
    }
)
"""The reasons of pages that another attempt may recover: the answers of a model vary, a file does not."""


def reason_or_unexpected(text: str) -> str:
    """Return the text if it may be a reason of any version, which is one ASCII word, or else `UnexpectedError`."""
    is_word = text.isascii() and text.isalpha() and len(text) <= REASON_LIMIT
    return text if is_word else Reason.UNEXPECTED.value
