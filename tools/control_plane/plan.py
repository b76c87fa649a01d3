"""What the pods of a PdfJob do, by plan: what they say and how they end. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from chunk_runner.contract.environment import CHUNKS_ENV
from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.ranges import format_ranges, parse_ranges
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import FailedChunk, Failure, Merged, Report
from tools.control_plane.api import Manifest


LABEL_STAGE = "pdfjob.dev/stage"
LABEL_MEMORY = "pdfjob.dev/memory"
SAYS = "puppet.test/says"
"""An annotation of a pod that belongs to no plan: what it leaves as its termination message."""

BEGIN = "begin"
"""What is held back to hold a PdfJob in Pending: the prepare pod's start. Other things to hold are the stages."""

KILLED = 137


@dataclass(frozen=True)
class Plan:
    """What happens to one PdfJob; its chunks have one page each.

    Attributes:
        chunks: How many.
        failing: Exit codes of chunks that fail at every attempt.
        out_of_memory: Chunks that are killed unless their memory was doubled.
        holds: What does not end (or begin) until it is released.
    """

    chunks: int = 4
    failing: Mapping[int, int] = field(default_factory=dict)
    out_of_memory: frozenset[int] = frozenset()
    holds: frozenset[str] = frozenset()


@dataclass(frozen=True)
class End:
    """How a container ends: its exit code, what it says, and Kubernetes' reason."""

    exit_code: int
    message: str = ""
    reason: str = ""


def end_of(pod: Manifest, plan: Plan) -> End:
    """How a pod ends."""
    meta = pod["metadata"]
    if (said := meta.get("annotations", {}).get(SAYS)) is not None:
        return End(0, said)
    stage = meta["labels"][LABEL_STAGE]
    if stage == "chunks":
        return _chunk(pod, plan)
    if stage == "merge" or (stage == "prepare" and plan.chunks == 1):
        return _merge(plan)
    return End(0, Report(pages=plan.chunks, chunks=plan.chunks).dumps() if stage == "prepare" else "")


def _chunk(pod: Manifest, plan: Plan) -> End:
    chunk = int(pod["metadata"]["annotations"]["batch.kubernetes.io/job-completion-index"])
    env = {it["name"]: it.get("value") for it in pod["spec"]["containers"][0]["env"]}
    if (some := env.get(CHUNKS_ENV)) is not None:
        chunk = [index for run in parse_ranges(some) for index in run][chunk]
    if chunk in plan.out_of_memory and pod["metadata"]["labels"][LABEL_MEMORY] == "0":
        return End(KILLED, reason="OOMKilled")
    return End(plan.failing.get(chunk, 0))


def _merge(plan: Plan) -> End:
    failed = sorted(plan.failing)
    chunks = [
        FailedChunk(it, str(it + 1), Reason.CHUNK_UNREADABLE, "A chunk that cannot be read. " * 9) for it in failed
    ]
    output = len(failed) < plan.chunks
    merged = Merged(
        output="output.json" if output else None,
        sha256="ab" * 32 if output else "",
        bytes=1000 if output else 0,
        sentences=10 * (plan.chunks - len(failed)),
        failed=len(failed),
        ledger={"ok": plan.chunks - len(failed), "failed": len(failed)},
        failed_pages=format_ranges(it + 1 for it in failed),
        failed_chunks=tuple(chunks[:20]),
    )
    failure = None if output else Failure(Reason.CHUNK_UNREADABLE, "All chunks failed.")
    report = Report(pages=plan.chunks, chunks=plan.chunks, merged=merged, failure=failure)
    return End(ExitCode.OK, report.dumps())


def status_of(pod: Manifest, phase: str, state: Manifest) -> Manifest:
    """What a kubelet writes of a pod with one container."""
    container = pod["spec"]["containers"][0]
    running = phase == "Running"
    told = {"name": container["name"], "image": container["image"], "imageID": "", "restartCount": 0}
    return {
        "phase": phase,
        "conditions": [{"type": "Ready", "status": str(running)}],
        "containerStatuses": [{**told, "ready": running, "started": running, "state": json.loads(json.dumps(state))}],
    }
