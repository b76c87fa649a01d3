"""Jobs, pods and their termination messages.

The API server checks types, and anyone who may edit an object writes the texts.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from builders import SETTINGS, make_pdfjob
from chunk_runner.contract import report_json
from chunk_runner.contract.limits import REPORT_LIMIT
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure, Merged, Report, Volume
from chunk_runner.contract.stats import Histogram, Stats, Tokens
from fuzz.target import Target, text_of
from pdfjob_operator.objects.kubernetes import Manifest as KubernetesObject
from pdfjob_operator.objects.manifests.jobs import chunks_job
from pdfjob_operator.objects.stage_job import StageJob
from pdfjob_operator.objects.stage_pod import StagePod


_MERGED = Merged(
    output="output.json",
    sha256="ab" * 32,
    bytes=10,
    sentences=3,
    failed=1,
    ledger={"ok": 3, "failed": 1},
    failed_pages="4",
    page_reasons={"PageUnreadable": "4"},
    failed_chunks=(),
    tokens=Tokens(1, 2, 3, 4, 10),
    memory=None,
    stats=Stats(Histogram.of([1.0], (1.0,)), Histogram(), Histogram()),
)


def _report(data: bytes) -> None:
    report = report_json.loads(text_of(data))
    if report is not None:
        written = report_json.dumps(report)
        assert len(written.encode()) <= REPORT_LIMIT
        assert report_json.loads(written) is not None


def _with_text(manifest: KubernetesObject, text: str) -> Iterable[KubernetesObject]:
    """Yield the object once for each of its labels, annotations and indexes, with this text in place of it."""
    metadata = {"creationTimestamp": "2026-11-23T12:00:00Z", "uid": "u", "name": "n", **manifest["metadata"]}
    for kind in ("labels", "annotations"):
        for name in metadata[kind]:
            changed = {**metadata, kind: {**metadata[kind], name: text}}
            yield {**manifest, "metadata": changed, "status": {}}
    for name in ("completedIndexes", "failedIndexes"):
        yield {**manifest, "metadata": metadata, "status": {name: text}}


@cache
def _chunks_job() -> KubernetesObject:
    return chunks_job(make_pdfjob(), SETTINGS, total=4, pages=120, seconds=60, chunks="0-3")


def _job(data: bytes) -> None:
    for manifest in _with_text(_chunks_job(), text_of(data)):
        job = StageJob.parse(manifest)
        assert job is None or job.failed + job.succeeded >= 0


def _pod(data: bytes) -> None:
    pod = _chunks_job()["spec"]["template"]
    for manifest in _with_text({"metadata": pod["metadata"], "spec": {}}, text_of(data)):
        state = {"terminated": {"exitCode": 0, "message": text_of(data), "reason": text_of(data)}}
        StagePod.parse({**manifest, "status": {"containerStatuses": [{"name": "runner", "state": state}]}})


TARGETS = {
    "report": Target(
        _report,
        (),
        tuple(
            report_json.dumps(report).encode()
            for report in (
                Report(pages=3, chunks=2, todo="0-1", warnings=("A warning.",), volume=Volume(2, 1)),
                Report(failure=Failure(Reason.CRASHED, "It crashed.")),
                Report(merged=_MERGED),
            )
        ),
    ),
    "job": Target(_job, (), (b"chunks", b"0-3", b"7", b"0")),
    "pod": Target(_pod, (), (report_json.dumps(Report(pages=3)).encode(), b"prepare")),
}
