from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from builders import NOW, make_gemini, make_merged, make_pdfjob
from chunk_runner.contract.report import FailedChunk
from chunk_runner.contract.stats import Tokens
from pdfjob_operator.configuration.prices import Prices
from pdfjob_operator.planning.decision import JobState, Progress
from pdfjob_operator.reporting.status import status_of, write_delay


PROCESSING = JobState("Processing", "Processing", "1 of 4 chunks are done.", Progress(120, 4, 2, 1, 0))


def conditions(situation: JobState) -> dict[str, str]:
    return {it["type"]: it["status"] for it in status_of(make_pdfjob(), situation, NOW)["conditions"]}


def test_progress_counts_failed_chunks_as_done() -> None:
    status = status_of(make_pdfjob(), replace(PROCESSING, facts=Progress(120, 4, 1, 2, 1)), NOW)

    assert status["progress"] == "3/4"
    assert status["chunks"] == {"total": 4, "active": 1, "succeeded": 2, "failed": 1}


def test_a_running_job_is_reconciling() -> None:
    assert conditions(PROCESSING) == {
        "Complete": "False",
        "Failed": "False",
        "Suspended": "False",
        "Partial": "False",
        "Reconciling": "True",
        "Stalled": "False",
    }


def test_a_partial_success_is_complete_and_partial() -> None:
    facts = Progress(120, 4, 0, 3, 1, make_merged(failed=1, failed_pages="31-60"))

    truths = conditions(JobState("Succeeded", "PagesMissing", "…", facts))

    assert [kind for kind, holds in truths.items() if holds == "True"] == ["Complete", "Partial"]


def test_a_failed_job_is_stalled_so_that_tools_stop_waiting() -> None:
    truths = conditions(JobState("Failed", "NotAPdf", "…"))

    assert [kind for kind, holds in truths.items() if holds == "True"] == ["Failed", "Stalled"]


def test_the_end_records_output_tokens_and_failed_chunks() -> None:
    failed = FailedChunk(1, "31-60", "Crashed", "It died.")
    merged = make_merged(failed=1, failed_pages="31-60", failed_chunks=(failed,), tokens=Tokens(total=9))
    job = make_pdfjob()

    status = status_of(job, JobState("Succeeded", "PagesMissing", "…", Progress(120, 4, 0, 3, 1, merged)), NOW)

    assert status["output"] == {"path": f"pdfjobs/books/{job.uid}/output.json", "sha256": "ab" * 32, "bytes": 10}
    assert status["failedChunks"] == [{"index": 1, "pages": "31-60", "reason": "Crashed", "message": "It died."}]
    assert status["failedPages"] == "31-60"
    assert status["tokens"]["total"] == 9
    assert status["completionTime"] == "2026-11-23T12:00:00Z"


def test_the_end_records_pages_that_failed_alone_by_reason() -> None:
    merged = make_merged(failed_pages="7,12", page_reasons={"PageUnreadable": "7,12"})

    status = status_of(
        make_pdfjob(), JobState("Succeeded", "PagesMissing", "…", Progress(120, 4, 0, 4, 0, merged)), NOW
    )

    assert status["failedPages"] == "7,12"
    assert status["pageReasons"] == {"PageUnreadable": "7,12"}
    assert "failedChunks" not in status


@pytest.mark.parametrize(("answers", "counted"), [(0, {"sentences": 5}), (3, {"sentences": 0, "answers": 3})])
def test_the_end_counts_what_the_output_has(answers: int, counted: dict[str, int]) -> None:
    merged = make_merged(sentences=0 if answers else 5, answers=answers)

    status = status_of(make_pdfjob(), JobState("Succeeded", "…", "…", Progress(120, 4, 0, 4, 0, merged)), NOW)

    assert {name: it for name, it in status.items() if name in ("sentences", "answers")} == counted


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
def test_the_end_records_what_the_tokens_cost_if_that_is_known(
    processor: dict[str, Any], tokens: Tokens, cost: dict[str, str] | None
) -> None:
    facts = Progress(120, 4, 0, 4, 0, make_merged(tokens=tokens))

    status = status_of(make_pdfjob(processor=processor), JobState("Succeeded", "…", "…", facts), NOW, PRICES)

    assert status.get("cost") == cost


@pytest.mark.parametrize(
    ("processor", "short"), [({"text": {}}, "text"), (make_gemini(), "gemini (gemini-3.5-flash-lite)")]
)
def test_the_processor_is_said_in_short(processor: dict[str, Any], short: str) -> None:
    assert status_of(make_pdfjob(processor=processor), PROCESSING, NOW)["processor"] == short


def test_what_is_odd_about_the_source_stays_in_the_status_when_its_report_is_gone() -> None:
    odd = replace(PROCESSING, facts=replace(PROCESSING.facts, warnings=("It was repaired.",)))

    said = status_of(make_pdfjob(), odd, NOW)
    later = status_of(make_pdfjob(status=said), JobState("Failed", "DeadlineExceeded", "…"), NOW)

    assert said["warnings"] == later["warnings"] == ["It was repaired."]


def test_a_source_that_is_as_it_should_be_has_no_warnings() -> None:
    assert "warnings" not in status_of(make_pdfjob(), PROCESSING, NOW)


def test_a_warning_is_written_at_once_and_once() -> None:
    odd = replace(PROCESSING, facts=replace(PROCESSING.facts, warnings=("It was repaired.",)))
    before, said = (status_of(make_pdfjob(), it, NOW) for it in (PROCESSING, odd))

    assert write_delay(before, said, timedelta(0)) == 0
    assert write_delay(said, status_of(make_pdfjob(status=said), odd, NOW), timedelta(0)) is None


def test_a_condition_keeps_the_time_of_its_last_change() -> None:
    before = status_of(make_pdfjob(), PROCESSING, NOW)

    after = status_of(make_pdfjob(status=before), JobState("Failed", "Crashed", "…"), NOW + timedelta(hours=1))

    times = {it["type"]: it["lastTransitionTime"] for it in after["conditions"]}
    assert (times["Complete"], times["Failed"]) == ("2026-11-23T12:00:00Z", "2026-11-23T13:00:00Z")


def test_the_clock_starts_at_the_first_pass_and_goes_on() -> None:
    first = status_of(make_pdfjob(), PROCESSING, NOW)

    later = status_of(make_pdfjob(status=first), PROCESSING, NOW + timedelta(seconds=75))

    assert (later["startTime"], later["duration"]) == ("2026-11-23T12:00:00Z", "1m15s")


def progress(succeeded: int, total: int = 100) -> dict[str, object]:
    situation = JobState("Processing", "Processing", f"{succeeded} done.", Progress(3000, total, 4, succeeded, 0))
    return status_of(make_pdfjob(), situation, NOW)


@pytest.mark.parametrize(
    ("done", "seconds", "delay"),
    [(9, 60, None), (10, 60, 0), (10, 4, 1), (100, 5, 0), (0, 60, None)],
    ids=["less than a tenth", "a tenth", "a tenth too soon", "all", "nothing"],
)
def test_progress_is_written_every_tenth_and_every_five_seconds(done: int, seconds: int, delay: float | None) -> None:
    assert write_delay(progress(0), progress(done), timedelta(seconds=seconds)) == delay


@pytest.mark.parametrize(("pages", "delay"), [(0, None), (299, None), (300, 5)])
def test_progress_by_pages_is_written_by_tenths(pages: int, delay: float | None) -> None:
    def at(done: int) -> dict[str, Any]:
        facts = Progress(3000, 100, 4, 0, 0, pages_done=done)
        return status_of(make_pdfjob(), JobState("Processing", "Processing", "…", facts), NOW)

    assert at(pages)["pagesProcessed"] == pages
    assert write_delay(at(0), at(pages), timedelta(0)) == delay


def test_a_new_phase_is_written_at_once() -> None:
    ended = status_of(make_pdfjob(), JobState("Merging", "Merging", "…", Progress(3000, 100, 0, 100, 0)), NOW)

    assert write_delay(progress(100), ended, timedelta(0)) == 0


def test_the_first_status_is_written_at_once() -> None:
    assert write_delay({}, progress(0), timedelta(0)) == 0


def test_time_alone_is_no_news() -> None:
    before = progress(5)
    after = status_of(make_pdfjob(status=before), PROCESSING, NOW + timedelta(minutes=9))

    assert after["duration"] == "9m0s"
    assert write_delay({**after, "duration": "0s"}, after, timedelta(minutes=9)) is None
