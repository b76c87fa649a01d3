import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from builders import NOW, make_gemini, make_merged, make_observation, make_pdfjob
from chunk_runner.contract import report_json
from chunk_runner.contract.limits import CHUNKS_LIMIT
from chunk_runner.contract.report import FailedChunk, Memory, Report
from chunk_runner.contract.stats import Tokens
from pdfjob_operator.configuration.prices import Prices
from pdfjob_operator.objects.phases import Phase
from pdfjob_operator.objects.stage_job import StageJob
from pdfjob_operator.planning.decision import JobState
from pdfjob_operator.planning.merge_input import MergeInput
from pdfjob_operator.planning.outcome import job_outcome
from pdfjob_operator.planning.progress import Progress, chunk_progress
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


def test_the_claim_is_known_before_there_is_an_output() -> None:
    status = render_status(make_pdfjob(), JobState(Phase.PROCESSING, "Processing", "…"), NOW, claim="books")

    assert status["output"] == {"claimName": "books"}


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


class TestBounds:
    """Whatever pods report and Jobs say, the API server accepts the status that is made of it."""

    (VERSION,) = yaml.safe_load((Path(__file__).parents[4] / "crds" / "pdfjobs.pdfjob.dev.yaml").read_text())["spec"][
        "versions"
    ]
    SCHEMA: dict[str, Any] = VERSION["schema"]["openAPIV3Schema"]["properties"]["status"]
    NUMBERS = (0, 1, CHUNKS_LIMIT, CHUNKS_LIMIT + 1, 2**31 - 1, 2**31, 2**53 - 1, 2**53, 2**63)

    def violations(self, value: Any, schema: dict[str, Any], path: str = "status") -> Iterator[str]:
        """What the API server would refuse."""
        bits = {"int32": 31, "int64": 63}.get(schema.get("format", ""))
        if bits is not None and not -(2**bits) <= value < 2**bits:
            yield f"{path}: {value}"
        if isinstance(value, str) and len(value) > schema.get("maxLength", len(value)):
            yield f"{path}: {len(value)} characters"
        if isinstance(value, list):
            if len(value) > schema.get("maxItems", len(value)):
                yield f"{path}: {len(value)} items"
            for item in value:
                yield from self.violations(item, schema["items"], f"{path}[]")
        for name, inner in schema.get("properties", {}).items():
            if isinstance(value, dict) and name in value:
                yield from self.violations(value[name], inner, f"{path}.{name}")

    def replaced(self, part: Any) -> Iterator[Any]:
        """Yield a document again and again, each time with another number in the place of one of its own."""
        if isinstance(part, int) and not isinstance(part, bool):
            yield from self.NUMBERS
        places = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
        for key, inner in places:
            for spoilt in self.replaced(inner):
                again = copy.copy(part)
                again[key] = spoilt
                yield again

    @pytest.mark.parametrize("progress", [Progress(), Progress(120, 4, 0, 4, 0)], ids=["unknown", "known"])
    def test_no_count_in_a_report_makes_a_status_that_is_refused(self, progress: Progress) -> None:
        merged = make_merged(
            failed=1, failed_chunks=(FailedChunk(0, "1", "Crashed", "…"),), memory=Memory(1, 1, 1), tokens=Tokens(1)
        )
        raw = json.loads(report_json.dumps(Report(pages=120, chunks=4, merged=merged)))

        refused = [
            violation
            for spoilt in self.replaced(raw)
            if (report := report_json.loads(json.dumps(spoilt))) is not None
            for violation in self.violations(
                render_status(make_pdfjob(), job_outcome(make_pdfjob(), progress, report), NOW), self.SCHEMA
            )
        ]

        assert refused == []

    def test_no_count_on_a_job_does_either(self) -> None:
        raw = {"pages": 120, "total": 4, "active": 2, "completed": 3, "failed": 1}

        refused: list[str] = []
        for spoilt in self.replaced(raw):
            meta: dict[str, Any] = {"name": "j", "uid": "u", "creationTimestamp": "2026-11-23T12:00:00Z"}
            meta |= {"labels": {"pdfjob.dev/stage": "chunks"}}
            numbers = {"pdfjob.dev/pages": spoilt["pages"], "pdfjob.dev/chunks-total": spoilt["total"]}
            meta |= {"annotations": {name: str(number) for name, number in numbers.items()}}
            status = {"active": spoilt["active"], "failedIndexes": str(spoilt["failed"])}
            status |= {"completedIndexes": f"0-{spoilt['completed']}"}
            job = StageJob.parse({"metadata": meta, "spec": {"completions": 4}, "status": status})
            progress = chunk_progress(make_observation(*([] if job is None else [job])))
            refused += self.violations(
                render_status(make_pdfjob(), replace(PROCESSING, progress=progress), NOW), self.SCHEMA
            )

        assert refused == []

    def test_no_count_on_a_merge_job_does_either(self) -> None:
        texts = [
            json.dumps(spoilt) for spoilt in self.replaced({"pages": 120, "total": 4, "succeeded": 3, "failed": 1})
        ]
        states = [replace(PROCESSING, progress=MergeInput.loads(text).progress) for text in texts]

        refused = [
            violation
            for state in states
            for violation in self.violations(render_status(make_pdfjob(), state, NOW), self.SCHEMA)
        ]

        assert refused == []
