"""What a pod says in its termination message: written by the chunk runner, read by the operator.

Standard library only, as the contract. Whoever may touch a pod may write there, and it goes into a status: reading is
total and bounded.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from chunk_runner.contract.job_spec import OUTPUTS
from chunk_runner.contract.limits import (
    CHUNKS_LIMIT,
    FAILED_CHUNKS_LIMIT,
    MESSAGE_LIMIT,
    RANGES_LIMIT,
    REASON_LIMIT,
    REPORT_LIMIT,
    TODO_LIMIT,
    WARNINGS_LIMIT,
    shorten,
)
from chunk_runner.contract.ranges import parse_ranges
from chunk_runner.contract.reasons import reason_or_unexpected
from chunk_runner.contract.stats import Stats, Tokens, count


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PAGES_LIMIT = 40
"""Characters of the pages of a failed chunk."""

PAGE_REASONS_LIMIT = 5
"""Reasons of pages that failed alone."""


@dataclass(frozen=True)
class Failure:
    """Why a job ended without an output.

    Attributes:
        reason: One of `Reason` (kept as text: reports cross versions).
        message: One sentence that says what is wrong and what to do.
    """

    reason: str
    message: str


@dataclass(frozen=True)
class FailedChunk:
    """A chunk without a result: its 0-based index, its pages (`"61-90"`), the reason and a sentence."""

    index: int
    pages: str
    reason: str
    message: str


@dataclass(frozen=True)
class Memory:
    """Peak memory of the processes that made the results.

    Attributes:
        highest: Of any chunk, in bytes.
        chunk: That chunk.
        mean: Over the chunks, in bytes.
    """

    highest: int
    chunk: int
    mean: int


@dataclass(frozen=True)
class Merged:
    """What merge reports of a job.

    Attributes:
        output: Path of the output, relative to the workspace; `None` when every chunk failed.
        sha256: The output's checksum, in hexadecimal.
        bytes: The output's size.
        sentences: Sentences in the output.
        failed: Chunks without a result.
        ledger: How many pages ended in each state.
        failed_pages: The pages in state `failed`, as ranges, cut at `RANGES_LIMIT`.
        page_reasons: Of these, the ones that failed alone, in a chunk that has a result: ranges by reason.
        failed_chunks: The first `FAILED_CHUNKS_LIMIT` failed chunks.
        tokens: Over every attempt.
        memory: Peak memory; `None` when no chunk has a result.
        stats: Of this round; `None` from a version without them.
        answers: Answers in the output, in a shape of the job's own; then there are no sentences.
        is_retryable: Another attempt may recover pages that are missing.
    """

    output: str | None
    sha256: str
    bytes: int
    sentences: int
    failed: int
    ledger: Mapping[str, int] = field(default_factory=dict)
    failed_pages: str = ""
    page_reasons: Mapping[str, str] = field(default_factory=dict)
    failed_chunks: tuple[FailedChunk, ...] = ()
    tokens: Tokens = field(default_factory=Tokens)
    memory: Memory | None = None
    stats: Stats | None = None
    answers: int = 0
    is_retryable: bool = False


@dataclass(frozen=True)
class Volume:
    """The volume that a workspace is on: its size and what is free of it, in bytes."""

    bytes: int
    free: int


@dataclass(frozen=True)
class Swept:
    """What a sweep found.

    Attributes:
        removed: Workspaces that it removed.
        workspaces: Workspaces that are there now.
        stale: Of these, the ones that belong to no PdfJob for certain, and cannot be removed.
        bytes: What the workspaces hold.
    """

    removed: int
    workspaces: int
    stale: int
    bytes: int


@dataclass(frozen=True)
class Report:
    """What a pod says in its termination message.

    Attributes:
        pages: Pages of the source, once prepare knows them.
        chunks: Chunks they were split into.
        warnings: What prepare found odd about the source, repairs for instance; at most `WARNINGS_LIMIT` sentences.
        todo: The chunks that have no result yet, as ranges; `None` where they are too many to say, so that all are run
            (a chunk that has its result costs a pod and nothing else).
        merged: Set by merge, or by the prepare of a job with one chunk.
        failure: Set instead of everything else when the stage failed for good.
        volume: The workspace's, as the pod left it.
        swept: Set by sweep.
    """

    pages: int | None = None
    chunks: int | None = None
    todo: str | None = None
    warnings: tuple[str, ...] = ()
    merged: Merged | None = None
    failure: Failure | None = None
    volume: Volume | None = None
    swept: Swept | None = None

    def dumps(self) -> str:
        """The report as JSON of at most `REPORT_LIMIT` bytes.

        What has no room is left out: the ends of messages first, then failed chunks, and the stats last.
        """
        raw = asdict(self)
        if self.failure is not None:
            raw["failure"] = _brief(raw["failure"])
        if self.merged is not None:
            raw["merged"] |= {
                "failed_chunks": [_brief(chunk) for chunk in raw["merged"]["failed_chunks"][:FAILED_CHUNKS_LIMIT]],
                "page_reasons": {
                    shorten(reason, REASON_LIMIT): pages
                    for reason, pages in list(self.merged.page_reasons.items())[:PAGE_REASONS_LIMIT]
                },
                "stats": self.merged.stats and self.merged.stats.dump(),
            }
        if self.todo is not None and len(self.todo) > TODO_LIMIT:
            raw["todo"] = None
        for length in (MESSAGE_LIMIT, 80, 0):
            merged = raw["merged"]
            if merged is not None:
                for chunk in merged["failed_chunks"]:
                    chunk["message"] = shorten(chunk["message"], length)
                merged["failed_pages"] = shorten(merged["failed_pages"], RANGES_LIMIT)
                merged["page_reasons"] = {
                    reason: shorten(ranges, length) for reason, ranges in merged["page_reasons"].items()
                }
            raw["warnings"] = [shorten(warning, length) for warning in raw["warnings"] if length]
            text = json.dumps(raw, ensure_ascii=False, separators=(",", ":"))
            if len(text.encode()) <= REPORT_LIMIT:
                return text
        while len(text.encode()) > REPORT_LIMIT and _drop_something(raw["merged"] or {}):
            text = json.dumps(raw, ensure_ascii=False, separators=(",", ":"))
        return text

    @classmethod
    def loads(cls, text: str | None) -> Report | None:
        """Read what `dumps` wrote; `None` for anything else, since whoever may touch a pod may write here.

        Keys of other versions are ignored. What is read is bounded: it goes into a status.
        """
        try:
            raw = json.loads(text or "")
            pages, chunks = _count_or_none(raw["pages"]), _count_or_none(raw["chunks"])
            if chunks is not None and not 0 < chunks <= min(pages or 0, CHUNKS_LIMIT):
                return None
            merged, failure, todo = raw["merged"], raw["failure"], raw.get("todo")
            return cls(
                pages=pages,
                chunks=chunks,
                todo=None if todo is None else _ranges(todo, below=chunks or 0),
                warnings=tuple(shorten(warning) for warning in raw.get("warnings", ())[:WARNINGS_LIMIT]),
                merged=None if merged is None else _load_merged(merged),
                failure=None
                if failure is None
                else Failure(reason_or_unexpected(failure["reason"]), shorten(failure["message"])),
                volume=_optional(partial(_counts, Volume), raw.get("volume")),
                swept=_optional(partial(_counts, Swept), raw.get("swept")),
            )
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            return None


def _load_merged(raw: Mapping[str, Any]) -> Merged:
    if raw["output"] not in (None, *OUTPUTS.values()) or not set(raw["sha256"]) <= set("0123456789abcdef"):
        raise ValueError("not an output of this project")
    return Merged(
        output=raw["output"],
        sha256=raw["sha256"][:64],
        bytes=count(raw["bytes"]),
        sentences=count(raw["sentences"]),
        failed=count(raw["failed"]),
        ledger={shorten(state, 20): count(pages) for state, pages in raw["ledger"].items()},
        failed_pages=shorten(raw.get("failed_pages", ""), RANGES_LIMIT),
        page_reasons={
            reason_or_unexpected(key): shorten(it)
            for key, it in list(raw.get("page_reasons", {}).items())[:PAGE_REASONS_LIMIT]
        },
        failed_chunks=tuple(
            FailedChunk(
                count(it["index"]),
                shorten(it["pages"], PAGES_LIMIT),
                reason_or_unexpected(it["reason"]),
                shorten(it["message"]),
            )
            for it in raw["failed_chunks"][:FAILED_CHUNKS_LIMIT]
        ),
        memory=_optional(partial(_counts, Memory), raw.get("memory")),
        tokens=Tokens.load(raw["tokens"]),
        stats=_optional(Stats.load, raw.get("stats")),
        answers=count(raw.get("answers", 0)),
        is_retryable=raw.get("is_retryable") is True,
    )


def _drop_something(merged: dict[str, Any]) -> bool:
    """Returns whether there was anything to drop."""
    if merged.get("failed_chunks"):
        merged["failed_chunks"].pop()
        return True
    return any(merged.pop(name, None) for name in ("stats", "failed_pages"))


def _brief(raw: dict[str, Any]) -> dict[str, Any]:
    """A failure, or a failed chunk, no longer than `loads` would take it."""
    limits = {"reason": REASON_LIMIT, "pages": PAGES_LIMIT, "message": MESSAGE_LIMIT}
    return raw | {key: shorten(raw[key], limit) for key, limit in limits.items() if key in raw}


_T = TypeVar("_T")
_CountsT = TypeVar("_CountsT", Memory, Volume, Swept)


def _counts(kind: type[_CountsT], raw: Mapping[str, Any]) -> _CountsT:
    """An object of counts, and nothing else."""
    return kind(**{it.name: count(raw[it.name]) for it in fields(kind)})


def _optional(load: Callable[[Any], _T], raw: object) -> _T | None:
    """Load figures for people and metrics; `None` if malformed or another version's: no job fails because of them."""
    try:
        return None if raw is None else load(raw)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None


def _ranges(text: str, *, below: int) -> str:
    ranges = parse_ranges(text)
    if len(text) > TODO_LIMIT or (ranges and not 0 <= ranges[0].start < ranges[-1].stop <= below):
        raise ValueError("not chunks of this job")
    return text


def _count_or_none(value: object) -> int | None:
    return None if value is None else count(value)
