"""Objects of a cluster for tests, one line each: what a test does not name does not matter to it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from chunk_runner.contract.report import Failure, Merged, Report
from pdfjob_operator.configuration.settings import Settings
from pdfjob_operator.objects.kubernetes import JobOutcome, Manifest
from pdfjob_operator.objects.pdfjob import PdfJob
from pdfjob_operator.objects.phases import Stage
from pdfjob_operator.objects.stage_job import StageJob
from pdfjob_operator.objects.stage_pod import StagePod
from pdfjob_operator.objects.volume_claim import VolumeClaim
from pdfjob_operator.planning.decision import JobState
from pdfjob_operator.planning.observation import Observation
from pdfjob_operator.planning.planner import plan
from pdfjob_operator.reporting.status import render_status


NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
SETTINGS = Settings(runner_image="runner:test")
STARTED = {"startTime": "2026-11-23T11:59:00Z"}
UID = "6f0a1c3e-0000-4000-8000-000000000001"


def make_pdfjob(*, name: str = "germinal", status: dict[str, Any] | None = None, **spec: Any) -> PdfJob:
    """A PdfJob as the API server returns it, defaults filled in."""
    return PdfJob.parse(
        {
            "apiVersion": "pdfjob.dev/v1alpha1",
            "kind": "PdfJob",
            "metadata": {
                "name": name,
                "namespace": "books",
                "uid": UID,
                "generation": 1,
                "resourceVersion": "7",
                "creationTimestamp": "2026-11-23T11:59:00Z",
            },
            "spec": {
                "source": {"volume": {"path": "germinal.pdf"}},
                "chunking": {"pagesPerChunk": 30},
                "workers": 4,
                "runningLines": "drop",
                "processor": {"text": {}},
                "output": {"format": "json"},
                "retries": 3,
                "timeoutSeconds": 86400,
            }
            | spec,
            "status": status or {},
        }
    )


def in_queue(pdfjob: PdfJob, queue: str, priority: str = "") -> PdfJob:
    """A PdfJob whose labels name a queue of Kueue, and a priority class."""
    labels = {"kueue.x-k8s.io/queue-name": queue, **({"kueue.x-k8s.io/priority-class": priority} if priority else {})}
    return replace(pdfjob, raw={**pdfjob.raw, "metadata": {**pdfjob.raw["metadata"], "labels": labels}})


def make_started(**fields: Any) -> PdfJob:
    """A PdfJob that has been reconciled once."""
    return make_pdfjob(**{"status": STARTED} | fields)


def after(state: JobState, pdfjob: PdfJob | None = None, **ago: float) -> dict[str, Any]:
    """The status that a PdfJob got so long ago."""
    return render_status(pdfjob or make_pdfjob(), state, NOW - timedelta(**ago))


def make_gemini(**settings: Any) -> dict[str, Any]:
    """The processor of a PdfJob that asks Gemini, defaults filled in."""
    usual = {
        "apiKeySecretRef": {"name": "gemini", "key": "api-key"},
        "model": "gemini-3.5-flash-lite",
        "input": "pdf",
        "requestTimeoutSeconds": 600,
        "fallback": "none",
    }
    return {"gemini": usual | settings}


def make_job(stage: Stage, **fields: Any) -> StageJob:
    """A Job of a stage."""
    if failed := fields.pop("failed", 0):
        fields["failed_indexes"] = (range(failed),)
    return StageJob(name=f"germinal-{stage}", stage=stage, **fields)


def make_chunks_job(**fields: Any) -> StageJob:
    """A Job that processes all of four chunks."""
    return make_job(Stage.CHUNKS, **{"completions": 4, "parallelism": 4, "pages": 120, "total_chunks": 4} | fields)


def make_merge_job(decided: "Decided", **fields: Any) -> StageJob:
    """The merge Job that a decision creates."""
    (manifest,) = decided.create
    return make_job(
        Stage.MERGE, **{"merge_input": manifest["metadata"]["annotations"]["pdfjob.dev/merge-input"]} | fields
    )


def make_claim(name: str = SETTINGS.workspace_claim, **fields: Any) -> VolumeClaim:
    """A claim that pods on all nodes can mount."""
    usual: dict[str, Any] = {"uid": f"uid-of-{name}", "access_modes": frozenset({"ReadWriteMany"}), "bound": True}
    return VolumeClaim(name, **usual | {"storage_class": "nfs"} | fields)


def make_observation(*jobs: StageJob, pdfjob: PdfJob | None = None, **fields: Any) -> Observation:
    """An observation of a PdfJob that has been reconciled once."""
    return Observation(pdfjob or make_started(), NOW, jobs=jobs, **fields)


class Decided(NamedTuple):
    """A decision with a state."""

    state: JobState
    create: tuple[Manifest, ...]
    delete: tuple[str, ...]
    patch: Mapping[str, Manifest]


def decide(*jobs: StageJob, pdfjob: PdfJob | None = None, **fields: Any) -> Decided:
    """What the planner decides about a PdfJob that has not finished."""
    observation = make_observation(*jobs, pdfjob=pdfjob, **fields)
    decision = plan(observation, SETTINGS)
    assert decision.state is not None
    assert not decision.create or observation.next_stage_may_begin, "a Job is created, but its claims were not read"
    return Decided(decision.state, decision.create, decision.delete, decision.patch)


def created(decided: Decided) -> list[str]:
    """The ends of the names of the Jobs that are to be created."""
    return [manifest["metadata"]["name"].rpartition("-")[2] for manifest in decided.create]


def variables(manifest: Manifest) -> dict[str, str]:
    """The environment variables of a Job's pods."""
    container = manifest["spec"]["template"]["spec"]["containers"][0]
    return {entry["name"]: entry["value"] for entry in container["env"] if "value" in entry}


def make_pod(stage: Stage, *, exit_code: int | None = None, report: Report | None = None) -> StagePod:
    """A pod that runs, or that ended with this code."""
    return StagePod(stage=stage, running=exit_code is None, exit_code=exit_code, report=report)


def prepared(pages: int, chunks: int) -> StagePod:
    """A prepare pod that did its work."""
    return make_pod(Stage.PREPARE, exit_code=0, report=Report(pages=pages, chunks=chunks))


def rejected(reason: str, code: int = 20) -> StagePod:
    """A prepare pod that refused the source."""
    return make_pod(Stage.PREPARE, exit_code=code, report=Report(failure=Failure(reason, "Do something.")))


def make_merged(**fields: Any) -> Merged:
    """A merge's report."""
    usual: dict[str, Any] = {"output": "output.json", "sha256": "ab" * 32, "bytes": 10, "sentences": 5, "failed": 0}
    return Merged(**usual | fields)


REPORT_WITH_FAILED_PAGES = Report(
    pages=64,
    chunks=3,
    warnings=("The file was damaged, and repaired.",),
    merged=make_merged(
        ledger={"ok": 61, "failed": 3},
        failed_pages="7,12,20",
        page_reasons={
            "PageUnreadable": "7,12",
            "TimeLimitExceeded": "20",
        },
    ),
)
"""The report of a local run with a warning, in which three pages failed alone."""

CHUNKS_DONE = make_chunks_job(outcome=JobOutcome.COMPLETE, succeeded=4)
"""The chunks Job after all chunks have succeeded."""

CHUNKS_PARTLY_FAILED = make_chunks_job(outcome=JobOutcome.FAILED, reason="FailedIndexes", succeeded=3, failed=1)
"""The chunks Job after one of its chunks has failed for good."""
