"""The run of one or several files, one after the other, and its exit code and summary."""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

import typer

from chunk_runner.contract.job_spec import OUTPUTS
from chunk_runner.contract.limits import shorten
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure, Report
from pdfjob_cli import interrupts
from pdfjob_cli.display import remarks, summary_json, summary_line, summary_text, totals_line
from pdfjob_cli.exit_codes import Exit
from pdfjob_cli.run import temporary
from pdfjob_cli.run.execution import Outcome, Settings, execute
from pdfjob_cli.run.spool import name_of


if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_BY_SEVERITY = (Exit.OK, Exit.PARTIAL, Exit.FAILED, Exit.INTERRUPTED)
"""The exit code of several files is the worst of theirs."""

_SHARED = frozenset({Reason.CONFIGURATION_ERROR, Reason.QUOTA_EXHAUSTED, Reason.MODEL_UNAVAILABLE})
"""Reasons for which every other file would fail, too; to find that out again may take half an hour for each."""


def to_stdout(settings: Settings, file: Path) -> Exit:
    """Process a file in a temporary folder, and copy its output to stdout."""
    with temporary.folder() as folder:
        target = folder / OUTPUTS[settings.spec.format]
        outcome = execute(settings, file, target)
        for remark in remarks(outcome.report):
            typer.echo(remark, err=True)
        if outcome.has_output:
            with target.open("rb") as written:
                shutil.copyfileobj(written, sys.stdout.buffer)
            sys.stdout.buffer.flush()
    return outcome.code


def to_files(settings: Settings, files: Sequence[Path], outputs: Sequence[Path], *, as_json: bool) -> Exit:
    """Process each file, and print a summary.

    A file that fails does not stop the others, unless the service that all of them need is the reason.

    Args:
        settings: The settings of all files.
        files: The PDFs.
        outputs: The output of each.
        as_json: Print the summary as a JSON object.
    """
    outcomes: list[Outcome] = []
    stopped: Failure | None = None
    for number, (file, output) in enumerate(zip(files, outputs, strict=True), start=1):
        if stopped is not None:
            code = Exit.INTERRUPTED if stopped.reason == Reason.INTERRUPTED else Exit.FAILED
            outcomes.append(Outcome(file, output, code, Report(failure=stopped), 0))
            continue
        prefix = f"[{number}/{len(files)}] " if len(files) > 1 else ""
        outcome = execute(settings, file, output, prefix=prefix)
        outcomes.append(outcome)
        stopped = _stop_after(outcome)
    _print_summary(outcomes, as_json=as_json)
    return max((outcome.code for outcome in outcomes), key=_BY_SEVERITY.index)


def _print_summary(outcomes: Sequence[Outcome], *, as_json: bool) -> None:
    """Print the summary of a file, or of several; as text, one file without an output has its message only."""
    seconds = sum(outcome.seconds for outcome in outcomes)
    if as_json:
        files = [_summary(outcome) for outcome in outcomes]
        summary = files[0] if len(files) == 1 else {"files": files, "seconds": round(seconds, 3)}
        typer.echo(json.dumps(summary, ensure_ascii=False))
    elif len(outcomes) > 1:
        for outcome in outcomes:
            typer.echo(summary_line(outcome.report, shorten(_shown(outcome.file)), _shown(outcome.output)))
        incomplete = sum(outcome.code is Exit.PARTIAL for outcome in outcomes)
        typer.echo(totals_line([outcome.report for outcome in outcomes], incomplete, seconds))
    elif outcomes[0].has_output and (merged := outcomes[0].report.merged) is not None:
        (one,) = outcomes
        typer.echo(summary_text(one.report, merged, shorten(name_of(one.file)), _shown(one.output), one.seconds))


def _summary(outcome: Outcome) -> dict[str, Any]:
    """Return the summary of a file for programs."""
    file = {"file": _shown(outcome.file), "exitCode": interrupts.exit_code(outcome.code)}
    return file | summary_json(outcome.report, _shown(outcome.output), outcome.seconds)


def _shown(path: Path) -> str:
    """Return a path as text that can be printed: a file name may be any bytes."""
    return os.fsencode(path).decode(errors="replace")


def _stop_after(outcome: Outcome) -> Failure | None:
    """Return why no further file is started after this one; `None` to go on."""
    if outcome.code is Exit.INTERRUPTED:
        return Failure(Reason.INTERRUPTED, "This file was not started: the run was interrupted.")
    merged, failure = outcome.report.merged, outcome.report.failure
    reasons = {chunk.reason for chunk in merged.failed_chunks} if merged is not None else set()
    if failure is not None:
        reasons.add(failure.reason)
    shared = sorted(reasons & _SHARED)
    if not shared:
        return None
    return Failure(
        Reason.JOB_STOPPED, f"This file was not started, since it would have failed like the last one: {shared[0]}."
    )
