"""The output of a run on the terminal: a progress bar or log lines, with the time left; summaries as text or JSON."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from rich.console import Console

    from chunk_runner.contract.report import Merged, Report
    from chunk_runner.workspace.manifest import Chunk


_ESTIMATE_SECONDS = 3600.0
"""The time left follows from the speed in this period; a model may take minutes for one chunk."""


class Display:
    """Shows the progress of a run and the time left: a bar that counts pages on a terminal, a line per chunk elsewhere.

    Args:
        console: Where to show it.
        name: The name of the run.
        clock: Returns the time in seconds.
    """

    def __init__(self, console: Console, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._name = name
        self._chunks = 0
        self._finished = 0
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("pages"),
            TimeElapsedColumn(),
            TextColumn("elapsed"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=console,
            get_time=clock,
            speed_estimate_period=_ESTIMATE_SECONDS,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task(name, total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def prepared(self, pages: int, chunks: int, done: int) -> None:
        """See `Observer.prepared`."""
        self._chunks = chunks
        self._progress.update(self._task, total=pages, completed=done)
        kept = f", {done} pages reused" if done else ""
        self._line(f"{self._name}: {_count(pages, 'page')}, {_count(chunks, 'chunk')}{kept}")

    def advanced(self, pages: int) -> None:
        """See `Observer.advanced`."""
        self._progress.update(self._task, completed=pages)

    def finished(self, chunk: Chunk, problem: str | None) -> None:
        """See `Observer.finished`."""
        self._finished += 1
        if problem is not None:
            self._console.print(f"chunk {chunk.index} ({_pages(chunk.page_range)}) failed: {problem}", markup=False)
        else:
            left = self._progress.tasks[0].time_remaining
            estimate = f", about {_duration(left)} left" if left else ""
            self._line(f"chunk {chunk.index} ({_pages(chunk.page_range)}) done{estimate}")

    def stopping(self) -> None:
        """See `Observer.stopping`."""
        message = "Stopping: waiting for answers that are already paid for. Press Ctrl-C again to stop at once."
        self._console.print(message, highlight=False, soft_wrap=True)

    def _line(self, text: str) -> None:
        if not self._console.is_terminal:
            self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def summary_text(report: Report, merged: Merged, name: str, output: str, seconds: float) -> str:
    """Return the summary of a run with an output, for people."""
    pages = ", ".join(f"{count} {state}" for state, count in merged.ledger.items() if count)
    lines = [
        f"{name}: {_count(report.pages or 0, 'page')}, {_entries(merged)} in {seconds:.1f} s",
        f"  pages:  {pages}",
        f"  output: {output} ({merged.bytes:,} bytes, sha256 {merged.sha256[:12]}…)",
    ]
    if merged.tokens.total:
        lines.append(f"  tokens: {merged.tokens.total:,} ({merged.tokens.prompt:,} in, {merged.tokens.output:,} out)")
    return "\n".join([*lines, *_details(report)])


def summary_line(report: Report, name: str, output: str) -> str:
    """Return the summary of one file of several, for people: a line, and the remarks below it."""
    if report.failure is not None:
        return f"{name}: {report.failure.reason}: {report.failure.message}"
    entries = "nothing" if report.merged is None else _entries(report.merged)
    line = f"{name}: {_count(report.pages or 0, 'page')}, {entries} in {output}"
    return "\n".join([line, *_details(report)])


def totals_line(reports: Sequence[Report], incomplete: int, seconds: float) -> str:
    """Return the last line of the summary of several files, for people.

    Args:
        reports: The report of each file.
        incomplete: The number of files whose output lacks pages.
        seconds: The duration of all.
    """
    done = [report for report in reports if report.failure is None]
    counts = {"complete": len(done) - incomplete, "incomplete": incomplete, "failed": len(reports) - len(done)}
    states = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    tokens = sum(report.merged.tokens.total for report in reports if report.merged is not None)
    cost = f", {tokens:,} tokens" if tokens else ""
    pages = _count(sum(report.pages or 0 for report in done), "page")
    return f"{_count(len(reports), 'file')} ({states}): {pages}{cost} in {seconds:.1f} s"


def remarks(report: Report) -> list[str]:
    """Return one line for each reason why pages failed alone, each anomaly of the source, each kind of lost text."""
    merged = report.merged
    return [
        *(f"failed: {_pages(ranges)}: {reason}" for reason, ranges in (merged.page_reasons if merged else {}).items()),
        *(f"warning: {warning}" for warning in report.warnings),
        *(_counts(merged) if merged else ()),
    ]


def _counts(merged: Merged) -> Iterator[str]:
    """Yield one line for each kind of text that is not in the output, or not as the page shows it."""
    if merged.dropped_lines:
        lines = _count(merged.dropped_lines, "line")
        yield f"left out: {lines} of running headers and footers: --running-lines keep keeps them"
    if merged.unmapped_characters:
        characters = _count(merged.unmapped_characters, "character")
        yield f"unmapped: {characters} without a usable Unicode mapping: --processor gemini can read them"


def summary_json(report: Report, output: str | None, seconds: float) -> dict[str, Any]:
    """Return the summary of a run for programs; it has a `failure` instead of an output if the run failed."""
    merged = report.merged
    summary: dict[str, Any] = {
        "pages": report.pages,
        "seconds": round(seconds, 3),
        "warnings": list(report.warnings),
    }
    if report.failure is not None:
        summary["failure"] = {"reason": report.failure.reason, "message": report.failure.message}
    if merged is not None:
        summary |= {
            "ledger": dict(merged.ledger),
            "failedChunks": [vars(chunk) for chunk in merged.failed_chunks],
            "pageReasons": dict(merged.page_reasons),
            "droppedLines": merged.dropped_lines,
            "unmappedCharacters": merged.unmapped_characters,
            "tokens": vars(merged.tokens),
        }
        if merged.output is not None:
            summary |= {
                "output": output,
                "sha256": merged.sha256,
                "bytes": merged.bytes,
                "sentences": merged.sentences,
                "answers": merged.answers,
            }
    return summary


def _details(report: Report) -> list[str]:
    """Return an indented line for each chunk that failed, and for each remark."""
    chunks = report.merged.failed_chunks if report.merged is not None else ()
    failed = [f"failed: {_pages(chunk.pages)}: {chunk.reason}: {chunk.message}" for chunk in chunks]
    return [f"  {line}" for line in [*failed, *remarks(report)]]


def _entries(merged: Merged) -> str:
    return _count(merged.answers, "answer") if merged.answers else _count(merged.sentences, "sentence")


def _duration(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{round(seconds)} s"


def _pages(ranges: str) -> str:
    return f"page {ranges}" if ranges.isdecimal() else f"pages {ranges}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
