from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from builders import NOW, make_gemini, make_merged, make_pdfjob
from chunk_runner.contract.report import FailedChunk
from chunk_runner.contract.stats import Tokens
from pdfjob_operator.configuration.prices import Prices
from pdfjob_operator.objects.phases import Phase
from pdfjob_operator.planning.decision import JobState
from pdfjob_operator.planning.progress import Progress
from pdfjob_operator.reporting.status import render_status


PROCESSING = JobState(Phase.PROCESSING, "Processing", "1 of 4 chunks are done.", Progress(120, 4, 2, 1, 0))


def test_progress_counts_failed_chunks_as_done() -> None:
    status = render_status(make_pdfjob(), replace(PROCESSING, progress=Progress(120, 4, 1, 2, 1)), NOW)

    assert status["progress"] == "3/4"
    assert status["chunks"] == {"total": 4, "active": 1, "succeeded": 2, "failed": 1}


def test_a_finished_job_has_output_tokens_and_failed_chunks() -> None:
    failed = FailedChunk(1, "31-60", "Crashed", "It died.")
    merged = make_merged(failed=1, failed_pages="31-60", failed_chunks=(failed,), tokens=Tokens(total=9))
    job = make_pdfjob()

    status = render_status(job, JobState(Phase.SUCCEEDED, "PagesMissing", "…", Progress(120, 4, 0, 3, 1, merged)), NOW)

    assert status["output"] == {"path": f"pdfjobs/books/{job.uid}/output.json", "sha256": "ab" * 32, "bytes": 10}
    assert status["failedChunks"] == [{"index": 1, "pages": "31-60", "reason": "Crashed", "message": "It died."}]
    assert status["failedPages"] == "31-60"
    assert status["tokens"]["total"] == 9
    assert status["completionTime"] == "2026-11-23T12:00:00Z"


def test_a_finished_job_has_the_reasons_of_pages_that_failed_alone() -> None:
    merged = make_merged(failed_pages="7,12", page_reasons={"PageUnreadable": "7,12"})

    status = render_status(
        make_pdfjob(), JobState(Phase.SUCCEEDED, "PagesMissing", "…", Progress(120, 4, 0, 4, 0, merged)), NOW
    )

    assert status["failedPages"] == "7,12"
    assert status["pageReasons"] == {"PageUnreadable": "7,12"}
    assert "failedChunks" not in status


@pytest.mark.parametrize(("answers", "counted"), [(0, {"sentences": 5}), (3, {"sentences": 0, "answers": 3})])
def test_a_finished_job_counts_its_sentences_or_answers(answers: int, counted: dict[str, int]) -> None:
    merged = make_merged(sentences=0 if answers else 5, answers=answers)

    status = render_status(make_pdfjob(), JobState(Phase.SUCCEEDED, "…", "…", Progress(120, 4, 0, 4, 0, merged)), NOW)

    assert {name: value for name, value in status.items() if name in ("sentences", "answers")} == counted


def test_a_finished_job_counts_what_was_left_out() -> None:
    progress = Progress(120, 4, 0, 4, 0, make_merged(dropped_lines=118, unmapped_characters=7))

    status = render_status(make_pdfjob(), JobState(Phase.SUCCEEDED, "…", "…", progress), NOW)

    assert (status["droppedLines"], status["unmappedCharacters"]) == (118, 7)
    assert "droppedLines" not in render_status(make_pdfjob(), PROCESSING, NOW)


PRICES = Prices.parse('{"asOf": "2026-10-07", "models": {"gemini-3.5-flash-lite": {"input": 1, "output": 2}}}')


@pytest.mark.parametrize(
    ("processor", "tokens", "cost"),
    [
        (
            make_gemini(),
            Tokens(prompt=30_000, output=5_000, thoughts=5_000, total=40_000),
            {"amount": "0.0500", "currency": "USD", "asOf": "2026-10-07", "model": "gemini-3.5-flash-lite"},
        ),
        (make_gemini(), Tokens(), None),
        (make_gemini(model="gemini-9"), Tokens(total=40_000), None),
        ({"text": {}}, Tokens(), None),
    ],
    ids=["bought", "nothing bought", "no price", "text"],
)
def test_a_finished_job_has_the_cost_of_its_tokens_if_the_price_is_known(
    processor: dict[str, Any], tokens: Tokens, cost: dict[str, str] | None
) -> None:
    progress = Progress(120, 4, 0, 4, 0, make_merged(tokens=tokens))

    status = render_status(make_pdfjob(processor=processor), JobState(Phase.SUCCEEDED, "…", "…", progress), NOW, PRICES)

    assert status.get("cost") == cost


@pytest.mark.parametrize(
    ("processor", "short"), [({"text": {}}, "text"), (make_gemini(), "gemini (gemini-3.5-flash-lite)")]
)
def test_the_processor_is_shown_with_its_model(processor: dict[str, Any], short: str) -> None:
    assert render_status(make_pdfjob(processor=processor), PROCESSING, NOW)["processor"] == short


def test_warnings_about_the_source_are_kept_when_the_report_is_gone() -> None:
    odd = replace(PROCESSING, progress=replace(PROCESSING.progress, warnings=("It was repaired.",)))

    said = render_status(make_pdfjob(), odd, NOW)
    later = render_status(make_pdfjob(status=said), JobState(Phase.FAILED, "DeadlineExceeded", "…"), NOW)

    assert said["warnings"] == later["warnings"] == ["It was repaired."]


def test_a_sound_source_has_no_warnings() -> None:
    assert "warnings" not in render_status(make_pdfjob(), PROCESSING, NOW)


def test_the_start_time_is_that_of_the_first_reconciliation() -> None:
    first = render_status(make_pdfjob(), PROCESSING, NOW)

    later = render_status(make_pdfjob(status=first), PROCESSING, NOW + timedelta(seconds=75))

    assert (later["startTime"], later["duration"]) == ("2026-11-23T12:00:00Z", "1m15s")
