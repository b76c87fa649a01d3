"""Objects of a cluster for tests, one line each: what a test does not name does not matter to it."""

from datetime import UTC, datetime
from typing import Any

from chunk_runner.contract.report import Failure, Merged, Report
from pdfjob_operator.configuration.settings import Settings
from pdfjob_operator.objects.children import Children
from pdfjob_operator.objects.pdfjob import PdfJob
from pdfjob_operator.objects.phases import Stage
from pdfjob_operator.objects.stage_job import StageJob
from pdfjob_operator.objects.stage_pod import StagePod


NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
SETTINGS = Settings(runner_image="runner:test")
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
                "processor": {"text": {}},
                "output": {"format": "json"},
                "retries": 3,
                "timeoutSeconds": 86400,
            }
            | spec,
            "status": status or {},
        }
    )


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


def make_children(*jobs: StageJob, pods: tuple[StagePod, ...] = ()) -> Children:
    """What a PdfJob owns."""
    return Children(jobs=jobs, pods=pods)


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
