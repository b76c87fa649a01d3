"""Metrics of finished work, as a scrape reads them. Async, because the recorder reads the event loop's clock."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from builders import NOW, make_gemini, make_job, make_merged, make_observation, make_pdfjob
from chunk_runner.contract.report import Swept, Volume
from chunk_runner.contract.stats import BYTES, SECONDS, Histogram, Stats, Tokens
from pdfjob_operator.configuration.prices import Price, Prices
from pdfjob_operator.metrics import registry
from pdfjob_operator.metrics.namespace_labels import NamespaceLabels
from pdfjob_operator.metrics.recorder import MetricsRecorder
from pdfjob_operator.objects.pdfjob import PdfJob
from pdfjob_operator.objects.phases import Phase, Stage
from pdfjob_operator.planning.decision import JobState
from pdfjob_operator.planning.progress import Progress


PRICES = Prices("2026-10-07", "EUR", {"gemini-3.5-flash-lite": Price(Decimal(1), Decimal(2), Decimal(1))})

Sample = tuple[str, tuple[tuple[str, str], ...]]


def samples() -> dict[Sample, float]:
    text = generate_latest(registry.REGISTRY).decode()
    return {
        (found.name, tuple(sorted(found.labels.items()))): found.value
        for family in text_string_to_metric_families(text)
        for found in family.samples
    }


def counted(act: Callable[[], None]) -> dict[Sample, float]:
    """What a scrape shows that it did not show before."""
    before = samples()
    act()
    return {key: value - before.get(key, 0.0) for key, value in samples().items() if value != before.get(key, 0.0)}


def sample(name: str, **labels: str) -> Sample:
    return name, tuple(sorted(labels.items()))


def of_books(name: str, **labels: str) -> Sample:
    """A sample of the namespace of the tests' PdfJobs."""
    return sample(name, **labels | {registry.NAMESPACE: "books"})


def make_recorder(limit: int = 20) -> MetricsRecorder:
    return MetricsRecorder(PRICES, NamespaceLabels(limit, PRICES))


def stats(**fields: Any) -> Stats:
    usual = {
        "seconds": Histogram.of([2.0, 7.0], SECONDS),
        "waits": Histogram.of([0.1], SECONDS),
        "memory": Histogram.of([2.0**27], BYTES),
    }
    return Stats(**usual | fields)


def finish(job: PdfJob, state: JobState, *jobs: Any) -> dict[Sample, float]:
    return counted(lambda: make_recorder().record_finished(make_observation(*jobs, pdfjob=job), state))


async def test_a_finished_job_is_counted_with_all_statistics_of_its_report() -> None:
    merged = make_merged(
        failed=1,
        failed_pages="91-120",
        stats=stats(chunks={"ok": 3, "Crashed": 1}, retries={"Interrupted": 2}, pages={"ok": 90, "failed": 30}),
    )
    chunks = make_job(
        Stage.CHUNKS,
        completions=4,
        parallelism=2,
        started_at=NOW - timedelta(seconds=20),
        finished_at=NOW - timedelta(seconds=10),
    )
    job = make_pdfjob(status={"startTime": "2026-11-23T11:59:00Z"})

    changes = finish(job, JobState(Phase.SUCCEEDED, "PagesMissing", "…", Progress(120, 4, 0, 3, 1, merged)), chunks)

    assert changes[of_books("pdfjob_jobs_finished_total", result="partial", reason="PagesMissing")] == 1
    assert changes[sample("pdfjob_job_duration_seconds_sum", result="partial")] == pytest.approx(60)
    assert changes[of_books("pdfjob_chunks_finished_total", result="ok", reason="")] == 3
    assert changes[of_books("pdfjob_chunks_finished_total", result="failed", reason="Crashed")] == 1
    assert changes[of_books("pdfjob_chunk_retries_total", reason="Interrupted")] == 2
    assert changes[of_books("pdfjob_pages_total", state="ok", processor="text")] == 90
    assert changes[of_books("pdfjob_pages_total", state="failed", processor="text")] == 30
    assert changes[sample("pdfjob_chunk_attempt_duration_seconds_bucket", processor="text", le="2.5")] == 1
    assert changes[sample("pdfjob_chunk_attempt_duration_seconds_bucket", processor="text", le="10.0")] == 2
    assert changes[sample("pdfjob_chunk_attempt_duration_seconds_count", processor="text")] == 2
    assert changes[sample("pdfjob_chunk_attempt_duration_seconds_sum", processor="text")] == 9
    assert changes[of_books("pdfjob_worker_busy_seconds_total")] == 9
    assert changes[of_books("pdfjob_worker_available_seconds_total")] == 20


async def test_tokens_are_counted_by_model_and_priced() -> None:
    tokens = Tokens(prompt=1_000_000, output=500_000, total=1_500_000)
    merged = make_merged(stats=stats(tokens=tokens))
    job = make_pdfjob(processor=make_gemini(model="gemini-3.5-flash-lite"))

    changes = finish(job, JobState(Phase.SUCCEEDED, "AllPagesProcessed", "…", Progress(30, 1, 0, 1, 0, merged)))

    model = "gemini-3.5-flash-lite"
    assert changes[of_books("pdfjob_tokens_total", model=model, kind="prompt")] == 1_000_000
    assert changes[of_books("pdfjob_estimated_cost_total", model=model, currency="EUR")] == 2.0


async def test_answers_that_somebody_forged_are_counted() -> None:
    merged = make_merged(stats=stats(rejected_answers=3))

    changes = finish(
        make_pdfjob(), JobState(Phase.SUCCEEDED, "AllPagesProcessed", "…", Progress(30, 1, 0, 1, 0, merged))
    )

    assert changes[of_books("pdfjob_rejected_answers_total")] == 3


async def test_no_text_from_outside_becomes_a_label() -> None:
    """Reasons and states come from pods, models from users: each new one would be a new series for good."""
    evil = "EvilWord"
    merged = make_merged(
        stats=stats(chunks={evil: 1}, retries={evil: 1}, pages={evil: 1}, tokens=Tokens(prompt=1, total=1))
    )
    job = make_pdfjob(processor=make_gemini(model=evil))

    changes = finish(job, JobState(Phase.FAILED, evil, "…", Progress(30, 1, 0, 0, 1, merged)))

    assert changes[of_books("pdfjob_jobs_finished_total", result="failed", reason="Other")] == 1
    assert changes[of_books("pdfjob_tokens_total", model="Other", kind="prompt")] == 1
    assert evil not in str(changes)
    assert not any("germinal" in str(key) for key in samples())


async def test_what_an_earlier_round_reported_is_not_counted_again() -> None:
    """A retry that finds nothing to do ends with the report that is there."""
    merged = make_merged(stats=stats(chunks={"ok": 3}, round=0))
    job = make_pdfjob(retryFailed=1, status={"round": 1})

    changes = finish(job, JobState(Phase.SUCCEEDED, "AllPagesProcessed", "…", Progress(90, 3, 0, 3, 0, merged)))

    assert of_books("pdfjob_chunks_finished_total", result="ok", reason="") not in changes
    assert changes[of_books("pdfjob_jobs_finished_total", result="succeeded", reason="AllPagesProcessed")] == 1


async def test_workers_are_never_busy_for_longer_than_they_were_available() -> None:
    """Of a job that was scaled down, only the last number of workers is known."""
    chunks = make_job(
        Stage.CHUNKS, completions=4, parallelism=1, started_at=NOW - timedelta(seconds=1), finished_at=NOW
    )
    merged = make_merged(stats=stats())

    changes = finish(
        make_pdfjob(), JobState(Phase.SUCCEEDED, "AllPagesProcessed", "…", Progress(merged=merged)), chunks
    )

    assert (
        changes[of_books("pdfjob_worker_available_seconds_total")]
        == changes[of_books("pdfjob_worker_busy_seconds_total")]
        == 9
    )


async def test_a_job_without_a_report_is_counted_all_the_same() -> None:
    changes = finish(make_pdfjob(), JobState(Phase.FAILED, "SourceNotFound", "…"))

    assert changes[of_books("pdfjob_jobs_finished_total", result="failed", reason="SourceNotFound")] == 1


async def test_time_is_counted_for_the_phase_that_is_left() -> None:
    recorder, job = make_recorder(), make_pdfjob()

    def go_through_all_phases() -> None:
        for phase in (Phase.PENDING, Phase.PENDING, Phase.PROCESSING, Phase.SUCCEEDED):
            recorder.record_phase(job, JobState(phase, phase, "…"))

    changes = counted(go_through_all_phases)

    left = {key for key in changes if key[0] == "pdfjob_phase_duration_seconds_count"}
    assert left == {sample("pdfjob_phase_duration_seconds_count", phase=phase) for phase in ("Pending", "Processing")}
    assert all(changes[key] == 1 for key in left)


@pytest.mark.parametrize(("kept", "least"), [({("a", "one"), ("a", "two")}, 0.25), ({("a", "one")}, 0.5)])
async def test_the_free_share_of_the_fullest_volume_in_use_is_exported(
    kept: set[tuple[str, str]], least: float
) -> None:
    namespaces = NamespaceLabels(20, PRICES)
    recorder = MetricsRecorder(PRICES, namespaces)
    recorder.register()
    namespaces.use("a")
    recorder.record_volume(("a", "one"), Volume(bytes=100, free=50), NOW)
    recorder.record_volume(("a", "two"), Volume(bytes=100, free=25), NOW)
    recorder.record_volume(("a", "two"), Volume(bytes=100, free=1), NOW - timedelta(hours=1))  # a sweep's, long ago
    recorder.record_volume(("a", "none"), Volume(bytes=0, free=0), NOW)
    recorder.record_volume(("b", "other"), Volume(bytes=100, free=7), NOW)

    recorder.retain_claims(kept | {("b", "other")})

    assert samples()[sample("pdfjob_volume_free_ratio", pdfjob_namespace="a")] == least
    assert samples()[sample("pdfjob_volume_free_ratio", pdfjob_namespace="Other")] == 0.07


async def test_there_is_no_free_share_without_a_report() -> None:
    recorder = make_recorder()
    recorder.register()
    recorder.record_volume(("a", "one"), Volume(bytes=100, free=50), NOW)

    recorder.retain_claims(set())

    assert not any(name == "pdfjob_volume_free_ratio" for name, _ in samples())


async def test_workspaces_are_summed_by_namespace() -> None:
    namespaces = NamespaceLabels(2, PRICES)
    recorder = MetricsRecorder(PRICES, namespaces)
    recorder.register()
    for namespace in ("a", "empty", "b"):
        namespaces.use(namespace)

    recorder.record_sweeps(
        {("a", "one"): Swept(0, 1, 1, 10), ("a", "two"): Swept(0, 1, 0, 5), ("b", "one"): Swept(0, 2, 2, 3)}
    )

    found = {key[0][1]: value for (name, key), value in samples().items() if name == "pdfjob_workspace_bytes"}
    orphans = {key[0][1]: value for (name, key), value in samples().items() if name == "pdfjob_orphaned_workspaces"}
    assert found == {"a": 15, "empty": 0, "Other": 3}
    assert orphans == {"a": 1, "empty": 0, "Other": 2}


async def test_namespaces_beyond_the_limit_are_counted_together() -> None:
    other = {registry.NAMESPACE: "Other", "result": "failed", "reason": "SourceNotFound"}
    observation = make_observation(pdfjob=make_pdfjob())

    changes = counted(
        lambda: make_recorder(limit=0).record_finished(observation, JobState(Phase.FAILED, "SourceNotFound", "…"))
    )

    assert changes[sample("pdfjob_jobs_finished_total", **other)] == 1
    assert not any("books" in str(key) for key in changes)


def test_counters_start_at_zero_so_that_the_first_count_is_an_increase() -> None:
    NamespaceLabels(20, PRICES).use("books")

    known = samples()

    for key in (
        of_books("pdfjob_jobs_finished_total", result="failed", reason="SourceNotFound"),
        of_books("pdfjob_chunk_retries_total", reason="OutOfMemory"),
        of_books("pdfjob_pages_total", state="noText", processor="gemini"),
        of_books("pdfjob_tokens_total", model="gemini-3.5-flash-lite", kind="thoughts"),
    ):
        assert key in known
