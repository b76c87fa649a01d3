"""Several files, one after the other. Each run is played; real ones are in `integration/command_line`."""

import json
from pathlib import Path

import pytest

from builders import make_merged
from chunk_runner.contract.job_spec import JobSpec
from chunk_runner.contract.report import FailedChunk, Failure, Report
from pdfjob_cli.exit_codes import Exit
from pdfjob_cli.run import batch
from pdfjob_cli.run.execution import Outcome, Settings


SETTINGS = Settings(JobSpec(path=""), workers=1, resume=False, password=None)
OK = (Exit.OK, Report(pages=2, merged=make_merged(sentences=2)))
PARTIAL = (Exit.PARTIAL, Report(pages=2, merged=make_merged(sentences=1)))
OUT_OF_QUOTA = (
    Exit.PARTIAL,
    Report(
        pages=2, merged=make_merged(failed_chunks=(FailedChunk(0, "1", "QuotaExhausted", "The quota is used up."),))
    ),
)


def failed(reason: str) -> tuple[Exit, Report]:
    return Exit.FAILED, Report(failure=Failure(reason, "It is so."))


INTERRUPTED = (Exit.INTERRUPTED, Report(failure=Failure("Interrupted", "Interrupted.")))


@pytest.mark.parametrize(
    ("ends", "started", "code"),
    [
        ([OK, OK, OK], 3, Exit.OK),
        ([OK, PARTIAL, OK], 3, Exit.PARTIAL),
        ([PARTIAL, failed("NotAPdf"), OK], 3, Exit.FAILED),
        ([failed("WorkspaceUnavailable"), OK, OK], 3, Exit.FAILED),
        ([OK, INTERRUPTED, OK], 2, Exit.INTERRUPTED),
        ([failed("NotAPdf"), INTERRUPTED, OK], 2, Exit.INTERRUPTED),
        ([failed("ModelUnavailable"), OK, OK], 1, Exit.FAILED),
        ([OK, failed("ConfigurationError"), OK], 2, Exit.FAILED),
        ([OUT_OF_QUOTA, OK, OK], 1, Exit.FAILED),
    ],
)
def test_a_file_stops_the_others_only_if_they_would_end_like_it(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ends: list[tuple[Exit, Report]],
    started: int,
    code: Exit,
) -> None:
    begun: list[Path] = []

    def execute(_: Settings, file: Path, output: Path, *, prefix: str) -> Outcome:
        begun.append(file)
        assert prefix == f"[{len(begun)}/3] "
        return Outcome(file, output, *ends[len(begun) - 1], seconds=1)

    monkeypatch.setattr(batch, "execute", execute)
    files = [Path("a.pdf"), Path("b.pdf"), Path("c.pdf")]

    found = batch.to_files(SETTINGS, files, [file.with_suffix(".json") for file in files], as_json=True)

    assert (begun, found) == (files[:started], code)
    summaries = json.loads(capsys.readouterr().out)["files"]
    assert [summary["file"] for summary in summaries] == ["a.pdf", "b.pdf", "c.pdf"]
    assert ["not started" in summary.get("failure", {}).get("message", "") for summary in summaries] == [
        index >= started for index in range(3)
    ]
