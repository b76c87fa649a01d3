"""How the pods of a PdfJob end by plan, and what a kubelet writes of them. Pure."""

import json
from dataclasses import dataclass

from chunk_runner.contract import report_json
from chunk_runner.contract.environment import CHUNKS_ENV
from chunk_runner.contract.ranges import parse_ranges
from chunk_runner.contract.reasons import Reason
from tools.control_plane.api import Manifest
from tools.control_plane.fake_runner import Plan


LABEL_STAGE = "pdfjob.dev/stage"
LABEL_DOUBLINGS = "pdfjob.dev/memory-doublings"
SAYS = "fake-kubelet.test/says"
"""An annotation of a pod that belongs to no plan: what it leaves as its termination message."""

BEGIN = "begin"
"""What is held back to hold a PdfJob in Pending: the prepare pod's start. Other things to hold are the stages."""

KILLED = 137


@dataclass(frozen=True)
class HeldPlan(Plan):
    """A plan for a PdfJob whose chunks have one page each.

    Attributes:
        holds: What does not end (or begin) until it is released.
    """

    pages: int = 4
    holds: frozenset[str] = frozenset()


@dataclass(frozen=True)
class End:
    """How a container ends: its exit code, what it says, and Kubernetes' reason."""

    exit_code: int
    message: str = ""
    reason: str = ""


def end_of(pod: Manifest, plan: HeldPlan) -> End:
    """How a pod ends."""
    meta = pod["metadata"]
    if (said := meta.get("annotations", {}).get(SAYS)) is not None:
        return End(0, said)
    stage = meta["labels"][LABEL_STAGE]
    if stage == "chunks":
        return _chunk(pod, plan)
    if stage == "merge":
        return End(0, report_json.dumps(plan.merged(1, plan.failing, Reason.CHUNK_UNREADABLE)))
    return End(0, report_json.dumps(plan.prepared(1)) if stage == "prepare" else "")


def _chunk(pod: Manifest, plan: HeldPlan) -> End:
    chunk = int(pod["metadata"]["annotations"]["batch.kubernetes.io/job-completion-index"])
    env = {it["name"]: it.get("value") for it in pod["spec"]["containers"][0]["env"]}
    if (some := env.get(CHUNKS_ENV)) is not None:
        chunk = [index for run in parse_ranges(some) for index in run][chunk]
    if chunk in plan.out_of_memory and pod["metadata"]["labels"][LABEL_DOUBLINGS] == "0":
        return End(KILLED, reason="OOMKilled")
    return End(plan.exit_code("chunks", chunk, 0))


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
