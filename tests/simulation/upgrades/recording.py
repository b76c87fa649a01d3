"""Records PdfJobs in all phases, with their Jobs, pods and claims, as this version stores them.

`PYTHONPATH=tests python -m simulation.upgrades.recording tests/simulation/upgrades/0.1.0.jsonl` writes them, an object
on each line. Each release does so once, and later versions continue from what it wrote: a file is never changed. A file
with the name of a commit was written by the version of that commit, by this program without the fields that it lacked.
"""

import asyncio
import functools
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pdfjob_operator.configuration.pod_policy import PodPolicy
from simulation.simulator.clock import VirtualLoop
from simulation.simulator.controllers.work import TimedPlan
from simulation.simulator.kinds import CLAIMS, JOBS, PODS, Manifest
from simulation.world import SETTINGS, Simulation, pdfjob, simulation


IN_POOL: Manifest = {"key": "pool", "operator": "In", "values": ["batch"]}
PODS_OF_AUTHOR: Manifest = {
    "resources": {"requests": {"cpu": "200m"}, "limits": {"memory": "2Gi"}},
    "nodeSelector": {"pool": "batch"},
    "affinity": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [IN_POOL]}]},
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {"weight": 1, "preference": {"matchExpressions": [IN_POOL]}}
            ],
        }
    },
    "tolerations": [{"key": "spot", "operator": "Equal", "value": "yes", "effect": "NoSchedule"}],
    "priorityClassName": "night",
    "serviceAccountName": "pdfjob",
    "labels": {"team": "books"},
    "annotations": {"example.com/cost": "4711"},
}
POLICY = PodPolicy(
    node_labels=("pool",),
    taints=("spot",),
    priority_class_names=("night",),
    service_account_names=("pdfjob",),
    labels=("team",),
    annotations=("example.com/cost",),
)
GEMINI: Manifest = {
    "apiKeySecretRef": {"name": "gemini", "key": "api-key"},
    "model": "gemini-3.5-flash-lite",
    "input": "pdf",
    "prompt": "Summarize the page.",
    "outputSchema": '{"type": "object"}',
    "maxOutputTokens": 8192,
    "thinkingLevel": "low",
    "requestTimeoutSeconds": 300,
    "maxTotalTokens": 1_000_000,
    "fallback": "text",
}


@dataclass(frozen=True)
class Scene:
    """A PdfJob, and the moment at which it is recorded.

    Attributes:
        reached: Returns whether the moment has come.
        spec: Of the PdfJob.
        plan: What happens to it.
        change: What its author changes once it has a chunk.
        later: Seconds after that moment, in which Kubernetes writes down what has just happened.
    """

    reached: Callable[[Simulation, str], bool]
    spec: Mapping[str, Any] = field(default_factory=dict)
    plan: TimedPlan = field(default_factory=lambda: TimedPlan(pages=90, chunk_seconds=60))
    change: Mapping[str, Any] | None = None
    later: float = 0


def _has(**fields: Any) -> Callable[[Simulation, str], bool]:
    """Return whether a status has these fields."""
    return lambda sim, name: fields.items() <= sim.status(name).items()


def _has_more_memory(sim: Simulation, name: str) -> bool:
    """Return whether chunks of a PdfJob run again with more memory."""
    jobs = (raw["metadata"] for raw in sim.store.all(JOBS))
    return any(it["annotations"].get("pdfjob.dev/job") == name and it["name"].endswith("-chunks-m1") for it in jobs)


LOST_CHUNK = TimedPlan(pages=90, chunks={0: (21,)}, mended=1)
SCENES: Mapping[str, Scene] = {
    "accepted": Scene(_has(phase="Pending"), {"timeoutSeconds": 7200, "prestart": 2}),
    "preparing": Scene(
        _has(phase="Preparing"), {"source": {"volume": {"path": "a.pdf"}, "sha256": "ab" * 32}, "pages": "2-"}
    ),
    "processing": Scene(
        _has(progress="1/3"),
        {"workers": 1, "processor": {"gemini": GEMINI}, "pod": PODS_OF_AUTHOR, "runningLines": "keep"},
    ),
    "doubled": Scene(
        _has_more_memory,
        {"retries": 1},
        TimedPlan(pages=90, out_of_memory=frozenset({1}), chunk_seconds=60),
    ),
    "merging": Scene(
        _has(phase="Merging"),
        {
            "source": {"volume": {"path": "a.pdf", "claimName": "library"}},
            "storage": {"size": "5Gi", "storageClassName": "fast", "accessMode": "ReadWriteOnce"},
            "output": {"format": "markdown"},
        },
    ),
    "overdue": Scene(_has(phase="Merging"), {"workers": 1, "timeoutSeconds": 100}),
    "suspended": Scene(
        _has(phase="Suspended"), {"workers": 1, "storage": {"claimName": "pdfjob-workspace"}}, change={"suspend": True}
    ),
    "retrying": Scene(
        _has(round=1, phase="Processing"),
        {"maxFailedChunks": 2, "source": {"volume": {"path": "a.pdf"}, "language": "fr"}},
        LOST_CHUNK,
        change={"retryFailed": 1},
        later=5,
    ),
    "succeeded": Scene(_has(phase="Succeeded"), {"ttlSecondsAfterFinished": 10**8, "chunking": {"pagesPerChunk": 20}}),
    "partial": Scene(_has(phase="Succeeded"), plan=LOST_CHUNK),
    "failed": Scene(
        _has(phase="Failed"),
        {"source": {"volume": {"path": "a.pdf"}, "passwordSecretRef": {"name": "key", "key": "password"}}},
        TimedPlan(prepare=(20,)),
    ),
}


async def record() -> list[Manifest]:
    """Play all scenes, and return the objects of each PdfJob at its moment, in the order in which they were created."""
    settings = replace(SETTINGS, pod_policy=POLICY)
    recorded: list[Manifest] = []
    async with simulation(plans={name: scene.plan for name, scene in SCENES.items()}, settings=settings) as sim:
        for name, scene in SCENES.items():
            sim.apply(pdfjob(name, **scene.spec))
            if scene.change is not None:
                await sim.until(functools.partial(_has_progress, sim, name), f"progress of {name}")
                sim.apply(pdfjob(name, **scene.spec, **scene.change))
            await sim.until(functools.partial(scene.reached, sim, name), name)
            await sim.rest(scene.later)
            recorded += _objects_of(sim, name)
    return recorded


def _has_progress(sim: Simulation, name: str) -> bool:
    return bool(sim.status(name).get("chunks", {}).get("succeeded", 0) > 0)


def _objects_of(sim: Simulation, name: str) -> list[Manifest]:
    """Return a PdfJob and what belongs to it; not its unfinished pods, which an upgraded node does not have."""
    raw = sim.pdfjob(name)
    owned = sim.store.children(raw["metadata"]["uid"])
    jobs = {it["metadata"]["uid"] for it in owned if it["kind"] == JOBS.name}
    pods = [
        it
        for it in sim.store.all(PODS)
        if it["metadata"]["ownerReferences"][0]["uid"] in jobs and it["status"]["phase"] in ("Succeeded", "Failed")
    ]
    found = [raw, *(it for it in owned if it["kind"] in (CLAIMS.name, JOBS.name)), *pods]
    return sorted(found, key=lambda it: (it["kind"] != raw["kind"], it["metadata"]["creationTimestamp"]))


def main() -> None:
    """Write the file that the command line names."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        recorded = runner.run(record())
    lines = [json.dumps(raw, sort_keys=True, separators=(",", ":")) for raw in recorded]
    Path(sys.argv[1]).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
