"""An upgrade: what an earlier version stored is valid, and continues where it was."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from chunk_runner.contract.ranges import parse_ranges
from simulation.simulator.controllers.job_status import has_ended
from simulation.simulator.journal import USER, By
from simulation.simulator.kinds import CLAIMS, JOBS, KINDS, Manifest, Ref, ref_of
from simulation.simulator.rest.schema import pdfjob_schema
from simulation.upgrades.recording import SCENES
from simulation.world import NAMESPACE, Simulation, pdfjob, simulation
from unit.docs.test_examples import closed


FILES = sorted(Path(__file__).parent.glob("*.jsonl"))
EARLIER = By("operator-earlier")
"""Who created the Jobs that have not ended: an operator, so that its successor may change them."""

FINISHED = ("succeeded", "partial", "failed")
HOUR = 3600


@pytest.fixture(params=FILES, ids=lambda file: file.stem)
def stored(request: pytest.FixtureRequest) -> list[Manifest]:
    """The objects of each earlier version in turn."""
    return [json.loads(line) for line in request.param.read_text().splitlines()]


def load(sim: Simulation, stored: list[Manifest]) -> None:
    """Put stored objects into the cluster, and the results of the finished chunks on the volume."""
    kinds = {kind.name: kind for kind in KINDS}
    for raw in stored:
        sim.store.load(ref_of(kinds[raw["kind"]], raw), raw, USER if has_ended(raw) else EARLIER)
    claim = sim.store.get(Ref(CLAIMS, NAMESPACE, "pdfjob-workspace"))["metadata"]["uid"]
    for raw in stored:
        labels = raw["metadata"].get("labels", {})
        if raw["kind"] == JOBS.name and labels["pdfjob.dev/stage"] == "chunks":
            workspace = sim.volume.change(labels["pdfjob.dev/uid"], NAMESPACE, claim)
            workspace.prepared = True
            handed_out = parse_ranges(raw["metadata"]["annotations"].get("pdfjob.dev/chunks") or f"0-{10**6}")
            done = (it for run in parse_ranges(raw["status"].get("completedIndexes")) for it in run)
            chunks = [chunk for run in handed_out for chunk in run[:1000]]
            workspace.results |= {chunks[index] for index in done}


def reason(status: Manifest) -> str:
    """Return why a PdfJob has ended as it did."""
    return next(str(it["reason"]) for it in status["conditions"] if it["type"] == "Finished" and it["status"] == "True")


def of_kind(stored: list[Manifest], kind: str) -> Iterator[Manifest]:
    return (raw for raw in stored if raw["kind"] == kind)


def test_every_stored_pdfjob_is_still_valid(stored: list[Manifest]) -> None:
    schema = pdfjob_schema()

    for raw in of_kind(stored, "PdfJob"):
        for part in ("spec", "status"):
            jsonschema.validate(raw[part], closed(schema["properties"][part]))


def paths(value: Any, path: str = "") -> Iterator[str]:
    """Yield the path of each field of an object."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        yield f"{path}.{key}"
        yield from paths(inner, f"{path}.{key}")


def fields(schema: Manifest, path: str = "") -> Iterator[str]:
    """Yield the path of each field of a schema, but for what is in a list."""
    for key, inner in schema.get("properties", {}).items():
        yield f"{path}.{key}"
        yield from fields(inner, f"{path}.{key}")


def test_the_newest_version_stored_every_field_of_spec() -> None:
    pdfjobs = of_kind([json.loads(line) for line in FILES[-1].read_text().splitlines()], "PdfJob")
    found = {path for raw in pdfjobs for path in paths(raw["spec"])}

    assert {*fields(pdfjob_schema()["properties"]["spec"])} - found == set()


async def test_what_an_earlier_version_began_comes_to_its_end_and_nothing_begins_anew(stored: list[Manifest]) -> None:
    before = {raw["metadata"]["name"]: raw for raw in of_kind(stored, "PdfJob")}
    assert before.keys() == SCENES.keys()
    async with simulation(plans={name: scene.plan for name, scene in SCENES.items()}, start=False) as sim:
        await sim.rest(HOUR)
        load(sim, stored)
        sim.operator.start()
        await sim.rest(120)
        assert sim.status("suspended")["phase"] == "Suspended"
        sim.apply(pdfjob("suspended", **before["suspended"]["spec"] | {"suspend": False}))
        await sim.until_ended(*before)

        assert {name: reason(sim.status(name)) for name in before} == {
            **dict.fromkeys(before, "AllPagesProcessed"),
            "partial": "PagesMissing",
            "failed": "NotAPdf",
            "overdue": "DeadlineExceeded",
        }
        assert {name: sim.status(name) for name in FINISHED} == {name: before[name]["status"] for name in FINISHED}
        created = Counter(it.ref.name for it in sim.store.journal if it.ref.kind is JOBS and it.type == "ADDED")
        assert {name for name, times in created.items() if times > 1} == set(), "Jobs were created again"
        sim.check()
