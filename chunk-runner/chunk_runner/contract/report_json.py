"""Reports as JSON: small enough for a termination message, and read without trust.

Anyone who may touch a pod may write its termination message, and its contents go into a status. So reading never
raises, and everything that is read is checked and bounded.
"""

from __future__ import annotations

import json
from dataclasses import asdict, fields
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
from chunk_runner.contract.report import FailedChunk, Failure, Memory, Merged, Report, Swept, Volume
from chunk_runner.contract.stats import Stats, Tokens, count


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PAGES_LIMIT = 40
"""Characters of the pages of a failed chunk."""

PAGE_REASONS_LIMIT = 5
"""Reasons of pages that failed alone."""

STATES_LIMIT = 20
"""States in a ledger, and characters of each."""

_FORGED = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)
"""The errors that reading a text may raise if `dumps` did not write it."""

T = TypeVar("T")
CountsT = TypeVar("CountsT", Volume, Swept)


def dumps(report: Report) -> str:
    """Return the report as JSON of at most `REPORT_LIMIT` bytes.

    What does not fit is left out: first the ends of messages, then failed chunks, and the statistics last.
    """
    raw = asdict(report)
    if report.failure is not None:
        raw["failure"] = _bounded(raw["failure"])
    if report.merged is not None:
        raw["merged"] |= {
            "failed_chunks": [_bounded(chunk) for chunk in raw["merged"]["failed_chunks"][:FAILED_CHUNKS_LIMIT]],
            "page_reasons": {
                shorten(reason, REASON_LIMIT): pages
                for reason, pages in list(report.merged.page_reasons.items())[:PAGE_REASONS_LIMIT]
            },
            "stats": report.merged.stats and report.merged.stats.dump(),
        }
    if report.todo is not None and len(report.todo) > TODO_LIMIT:
        raw["todo"] = None
    text = ""
    for length in (MESSAGE_LIMIT, 80, 0):
        _shorten_messages(raw, length)
        text = _compact(raw)
        if len(text.encode()) <= REPORT_LIMIT:
            return text
    while len(text.encode()) > REPORT_LIMIT and _drop_something(raw["merged"] or {}):
        text = _compact(raw)
    return text


def loads(text: str | None) -> Report | None:
    """Return the report in a termination message; `None` for anything that `dumps` did not write.

    Keys of other versions are ignored.
    """
    try:
        raw = json.loads(text or "")
        pages, chunks = _count_or_none(raw["pages"]), _count_or_none(raw["chunks"])
        if chunks is not None and not 0 < chunks <= min(pages or 0, CHUNKS_LIMIT):
            return None
        merged, failure, todo = raw["merged"], raw["failure"], raw.get("todo")
        return Report(
            pages=pages,
            chunks=chunks,
            todo=None if todo is None else _todo(todo, chunks=chunks or 0),
            warnings=tuple(_text(warning) for warning in raw.get("warnings", [])[:WARNINGS_LIMIT]),
            merged=None if merged is None else _merged(merged),
            failure=None
            if failure is None
            else Failure(reason_or_unexpected(failure["reason"]), _text(failure["message"])),
            volume=_optional(partial(_counts, Volume), raw.get("volume")),
            swept=_optional(partial(_counts, Swept), raw.get("swept")),
        )
    except _FORGED:
        return None


def _compact(raw: Mapping[str, Any]) -> str:
    return json.dumps(raw, ensure_ascii=False, separators=(",", ":"))


def _shorten_messages(raw: dict[str, Any], length: int) -> None:
    merged = raw["merged"]
    if merged is not None:
        for chunk in merged["failed_chunks"]:
            chunk["message"] = shorten(chunk["message"], length)
        merged["failed_pages"] = shorten(merged["failed_pages"], RANGES_LIMIT)
        merged["page_reasons"] = {reason: shorten(ranges, length) for reason, ranges in merged["page_reasons"].items()}
    raw["warnings"] = [shorten(warning, length) for warning in raw["warnings"] if length]


def _drop_something(merged: dict[str, Any]) -> bool:
    """Leave out the least important part; return false if there is none left."""
    if merged.get("failed_chunks"):
        merged["failed_chunks"].pop()
        return True
    return any(merged.pop(name, None) for name in ("stats", "failed_pages"))


def _bounded(raw: dict[str, Any]) -> dict[str, Any]:
    """Return a failure, or a failed chunk, no longer than `loads` accepts."""
    limits = {"reason": REASON_LIMIT, "pages": PAGES_LIMIT, "message": MESSAGE_LIMIT}
    return raw | {key: shorten(raw[key], limit) for key, limit in limits.items() if key in raw}


def _merged(raw: Mapping[str, Any]) -> Merged:
    if raw["output"] not in (None, *OUTPUTS.values()) or not set(_text(raw["sha256"])) <= set("0123456789abcdef"):
        raise ValueError("not an output of this project")
    return Merged(
        output=raw["output"],
        sha256=_text(raw["sha256"])[:64],
        bytes=count(raw["bytes"]),
        sentences=count(raw["sentences"]),
        failed=count(raw["failed"], CHUNKS_LIMIT),
        ledger={
            shorten(state, STATES_LIMIT): count(pages) for state, pages in list(raw["ledger"].items())[:STATES_LIMIT]
        },
        failed_pages=_text(raw.get("failed_pages", ""), RANGES_LIMIT),
        page_reasons={
            reason_or_unexpected(reason): _text(ranges)
            for reason, ranges in list(raw.get("page_reasons", {}).items())[:PAGE_REASONS_LIMIT]
        },
        failed_chunks=tuple(_failed_chunk(chunk) for chunk in raw["failed_chunks"][:FAILED_CHUNKS_LIMIT]),
        tokens=Tokens.load(raw["tokens"]),
        memory=_optional(_memory, raw.get("memory")),
        stats=_optional(Stats.load, raw.get("stats")),
        answers=count(raw.get("answers", 0)),
        dropped_lines=count(raw.get("dropped_lines", 0)),
        unmapped_characters=count(raw.get("unmapped_characters", 0)),
        is_retryable=raw.get("is_retryable") is True,
    )


def _failed_chunk(raw: Mapping[str, Any]) -> FailedChunk:
    return FailedChunk(
        count(raw["index"], CHUNKS_LIMIT),
        _text(raw["pages"], PAGES_LIMIT),
        reason_or_unexpected(raw["reason"]),
        _text(raw["message"]),
    )


def _memory(raw: Mapping[str, Any]) -> Memory:
    return Memory(count(raw["peak"]), count(raw["peak_chunk"], CHUNKS_LIMIT), count(raw["mean"]))


def _counts(kind: type[CountsT], raw: Mapping[str, Any]) -> CountsT:
    """Return an object whose fields are all counts."""
    return kind(**{field.name: count(raw[field.name]) for field in fields(kind)})


def _optional(load: Callable[[Any], T], raw: object) -> T | None:
    """Load figures for people and metrics; `None` if malformed or another version's: no job fails because of them."""
    try:
        return None if raw is None else load(raw)
    except _FORGED:
        return None


def _todo(text: object, *, chunks: int) -> str:
    if not isinstance(text, str) or len(text) > TODO_LIMIT:
        raise ValueError("not a list of chunks")
    ranges = parse_ranges(text)
    if ranges and ranges[-1].stop > chunks:
        raise ValueError("not chunks of this job")
    return text


def _text(value: object, limit: int = MESSAGE_LIMIT) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return shorten(value, limit)


def _count_or_none(value: object) -> int | None:
    return None if value is None else count(value)
