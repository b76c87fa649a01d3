import pickle
from pathlib import Path

import pytest

from chunk_runner import errors
from chunk_runner.commands.termination import failed, publish
from chunk_runner.contract import report_json
from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure, Report
from chunk_runner.errors import StageError
from chunk_runner.workspace.files import CorruptFileError


def stage_errors() -> list[type[StageError]]:
    found = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, StageError)]
    return [kind for kind in found if kind is not StageError]


@pytest.mark.parametrize("kind", stage_errors())
def test_every_error_of_a_stage_has_an_exit_code_and_keeps_its_sentence(kind: type[StageError]) -> None:
    error: StageError = pickle.loads(pickle.dumps(kind(Reason.NO_PAGES, "It has no pages.")))  # noqa: S301 (our own)

    report, code = failed(error)

    assert report == Report(failure=Failure("NoPages", "It has no pages."))
    assert (code is ExitCode.UNEXPECTED) is (kind is errors.LedgerError)


@pytest.mark.parametrize(
    ("error", "code", "reason", "message"),
    [
        (errors.UsageError(Reason.CONFIGURATION_ERROR, "x is wrong."), 2, "ConfigurationError", "x is wrong."),
        (errors.ConfigurationError(Reason.QUOTA_EXHAUSTED, "Pay."), 22, "QuotaExhausted", "Pay."),
        (CorruptFileError("manifest.json was altered"), 1, "ResultCorrupt", "manifest.json was altered."),
        (OSError(28, "No space left on device"), 23, "WorkspaceUnavailable", "No space left on device"),
        (SystemExit(143), 143, "Interrupted", "The pod was told to stop."),
        (ZeroDivisionError("division\nby zero"), 1, "UnexpectedError", "ZeroDivisionError: division by zero"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_error_becomes_an_exit_code_and_one_line(
    error: Exception | SystemExit, code: int, reason: str, message: str
) -> None:
    report, exit_code = failed(error)

    assert report.failure is not None
    assert (exit_code, report.failure.reason) == (code, reason)
    assert message in report.failure.message
    assert report.failure.message.isprintable()


def test_a_report_says_how_full_the_volume_is(tmp_path: Path) -> None:
    code = publish(Report(pages=9, chunks=3), ExitCode.OK, file=tmp_path / "report", folder=tmp_path)

    report = report_json.loads((tmp_path / "report").read_text())
    assert (code, report and report.pages) == (ExitCode.OK, 9)
    assert report is not None
    assert report.volume is not None


@pytest.mark.parametrize(("code", "exit_code"), [(ExitCode.OK, ExitCode.UNEXPECTED), (ExitCode.CHUNK, ExitCode.CHUNK)])
def test_a_report_that_cannot_be_written_is_no_success(tmp_path: Path, code: ExitCode, exit_code: ExitCode) -> None:
    assert publish(Report(), code, file=tmp_path, folder=tmp_path / "none") == exit_code
