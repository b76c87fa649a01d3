"""What the chunk runner and its callers agree on: mounts, environment, specification, reasons, exit codes.

Standard library only, because the operator imports this module and the reports, and nothing else of the chunk runner.
Everything read here may be hostile or torn (an annotation, an environment variable): parsing is total and says what is
wrong.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


WORKSPACES = "pdfjobs"
"""The folder on a shared volume that holds the workspaces: in it a folder per namespace, in that one per PdfJob, named
by its uid. A volume may serve several namespaces; none may take the workspaces of another for leftovers."""

WORKSPACE_MOUNT = "/workspace"
"""Where a pod finds its job's workspace."""

SOURCE_MOUNT = "/source"
"""Where the prepare pod finds the source's volume, read-only and as a whole."""

WORKSPACES_MOUNT = "/workspaces"
"""Where the sweep pod finds all workspaces of its namespace."""

SPEC_ENV = "PDFJOB_SPEC"
"""The `JobSpec` as JSON; for the prepare pod only, every later pod reads the manifest."""

INDEX_ENV = "JOB_COMPLETION_INDEX"
"""The chunk to process (set by Kubernetes, see the documentation of Indexed Jobs)."""

CHUNKS_ENV = "PDFJOB_CHUNKS"
"""The chunks of this round as ranges: index 0 of the Job is the first of them. Not set when the round has them all."""

OUT_OF_MEMORY_ENV = "PDFJOB_OUT_OF_MEMORY"
"""For merge: the chunks whose pods were killed for using too much memory, as ranges; these could not say so."""

LIVE_ENV = "PDFJOB_LIVE"
"""For sweep: the first `LIVE_LENGTH` characters of the uid of every PdfJob in the namespace, separated by commas."""

LIVE_LENGTH = 8
"""Enough to tell uids apart, and short enough for 10,000 of them in one variable (the kernel's limit is 128 KiB).
Should two be alike after all, a leftover stays."""

BEFORE_ENV = "PDFJOB_BEFORE"
"""For sweep: what changed later than this may belong to a PdfJob that is younger than the list (seconds since 1970)."""

ATTEMPT_ENV = "PDFJOB_ATTEMPT"
"""A name for this attempt that no other attempt has: the pod's uid."""

MEMORY_ENV = "PDFJOB_MEMORY_LIMIT"
"""The memory limit of the container in bytes (the downward API's `limits.memory`): the sandbox stays below it."""

MORE_MEMORY_ENV = "PDFJOB_MORE_MEMORY"
"""Set when a pod with more memory can follow: then a page that needs more ends its pod, instead of failing alone."""

UNFINISHED_ENV = "PDFJOB_UNFINISHED_REASON"
"""For merge: the reason to record for chunks that left none themselves."""

REPORT_LIMIT = 4096
"""Bytes of a termination message that Kubernetes keeps."""

FAILED_CHUNKS_LIMIT = 20
"""Failed chunks named one by one in a report and in a status; ranges and counts cover the rest."""

CHUNKS_LIMIT = 100_000
"""Chunks of a job: Kubernetes allows no more indexes with retries per index."""

TODO_LIMIT = 3000
"""Characters of the ranges of chunks that a report of prepare names."""

RANGES_LIMIT = 1000
"""Characters of page ranges in a report and in a status; the output has them all."""

REASON_LIMIT = 60
"""Characters of a reason."""

OUTPUTS = {"json": "output.json", "jsonl": "output.jsonl", "markdown": "output.md"}
"""The formats of an output, and the output's name in the workspace for each."""

PASSWORD_FILE = "/password/password"  # noqa: S105 (a path)
"""Where the prepare pod finds the password of an encrypted source, if its PdfJob names one."""

API_KEY_FILE = "/gemini/api-key"
"""Where a chunk pod, and the prepare pod of a single chunk, finds the key of the model's API."""

BASE_URL_ENV = "PDFJOB_GEMINI_BASE_URL"
"""Where the model's API is, if not at its usual place."""

REDIS_URL_ENV = "PDFJOB_REDIS_URL"
"""The Redis that all pods share, if there is one without a password."""

REDIS_URL_FILE = "/redis/url"
"""The same, where it has one: a Secret's key as a file."""

JOB_ENV = "PDFJOB_UID"
"""The PdfJob's uid: under it pods tell through Redis how many pages of their chunk are done."""

REQUESTS_ENV = "PDFJOB_GEMINI_REQUESTS_PER_MINUTE"
"""How many requests all pods with one API key may send in any minute; no limit if not set."""

TOKENS_ENV = "PDFJOB_GEMINI_TOKENS_PER_MINUTE"
"""How many tokens they may use in any minute; no limit if not set."""

ROUND_ENV = "PDFJOB_ROUND"
"""Which round of retries this is, 0 for the first: pages that failed in an earlier one are tried again."""

WARNINGS_LIMIT = 5
"""What prepare found odd about a source, named one by one in a report and in a status."""

MESSAGE_LIMIT = 300
"""Characters of a message that comes from a file or a library."""


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


GRACE_SECONDS = 45
"""For an answer of a model that is on its way when a process is told to stop: it is paid for."""


class Reason(StrEnum):
    """Why something failed: the words used in results, reports, conditions and events."""

    SOURCE_NOT_FOUND = "SourceNotFound"
    SOURCE_EMPTY = "SourceEmpty"
    NOT_A_PDF = "NotAPdf"
    SOURCE_UNREADABLE = "SourceUnreadable"
    PAGE_TREE_LOOPS = "PageTreeLoops"
    PASSWORD_REQUIRED = "PasswordRequired"  # noqa: S105 (a reason, not a password)
    WRONG_PASSWORD = "WrongPassword"  # noqa: S105 (the same)
    PAGES_OUT_OF_RANGE = "PagesOutOfRange"
    NO_PAGES = "NoPages"
    CHECKSUM_MISMATCH = "ChecksumMismatch"
    PATH_REFUSED = "PathRefused"
    SOURCE_CHANGED = "SourceChanged"
    CHUNK_UNREADABLE = "ChunkUnreadable"
    PAGE_UNREADABLE = "PageUnreadable"
    TIME_LIMIT_EXCEEDED = "TimeLimitExceeded"
    MEMORY_LIMIT_EXCEEDED = "MemoryLimitExceeded"
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
    TOKEN_BUDGET_REACHED = "TokenBudgetReached"  # noqa: S105 (tokens of a model)
    JOB_STOPPED = "JobStopped"
    UNEXPECTED = "UnexpectedError"


MENDABLE = frozenset(
    {
        Reason.CONTENT_REFUSED,
        Reason.RECITATION,
        Reason.OUTPUT_TRUNCATED,
        Reason.OUTPUT_INVALID,
        Reason.REQUEST_REFUSED,
    }
)
"""Why a page may fail that is worth another attempt: a model's answers vary, a file does not."""


@dataclass(frozen=True)
class JobSpec:
    """What a job is to do: all that prepare needs to know of a PdfJob.

    Attributes:
        path: The source, relative to its volume (or to the working directory of a local run).
        processor: The processor and its settings, `{"name": "text"}`.
        pages_per_chunk: Pages in every chunk but the last, 1 or more.
        sha256: What the source's checksum must be, in hexadecimal; `None` when it was not given.
        pages: The pages to process, as `selection` reads them: `"1-120,130-"`; `None` for all.
        language: Of the source's text, as two letters of ISO 639-1; `None` to find out.
        format: Of the output: one of `OUTPUTS`.
    """

    path: str
    processor: Mapping[str, Any] = field(default_factory=lambda: {"name": "text"})
    pages_per_chunk: int = 30
    sha256: str | None = None
    pages: str | None = None
    language: str | None = None
    format: str = "json"

    def dumps(self) -> str:
        """The specification as it travels in `SPEC_ENV`."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)  # an escape takes three times the room

    @classmethod
    def loads(cls, text: str) -> JobSpec:
        """Read what `dumps` wrote.

        Raises:
            ValueError: The text is not such a specification; the message says what is wrong.
        """
        raw = json.loads(text)
        if not isinstance(raw, dict) or not isinstance(raw.get("path"), str):
            raise ValueError("a specification is a JSON object with a path")  # noqa: TRY004 (one kind for callers)
        spec = cls(**raw)
        if not isinstance(spec.pages_per_chunk, int) or spec.pages_per_chunk < 1:
            raise ValueError("pages_per_chunk is a whole number, 1 or more")
        if spec.format not in OUTPUTS:
            raise ValueError(f"the format is one of {', '.join(OUTPUTS)}")
        return spec


def shorten(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """Make text from outside fit for a status or a log line: one printable line of at most `limit` characters."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= limit else line[: max(limit - 1, 0)] + "…"


def format_ranges(numbers: Iterable[int]) -> str:
    """Write ascending numbers as ranges: `"1-12,14"`.

    Two neighbours make a range too, unlike in a Job's status; `parse_ranges` reads both.
    """
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def parse_ranges(text: str | None) -> list[range]:
    """Read ranges such as a Job's `completedIndexes`: ascending, possibly empty.

    Raises:
        ValueError: The text is something else.
    """
    ranges: list[range] = []
    for part in (text or "").split(",") if text else []:
        first, _, last = part.partition("-")
        bounds = range(int(first), int(last or first) + 1)
        if not bounds or (ranges and bounds.start < ranges[-1].stop):
            raise ValueError(f"not ascending ranges: {shorten(text or '')}")
        ranges.append(bounds)
    return ranges
