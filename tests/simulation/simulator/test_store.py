"""The simulated cluster keeps the rules of a real one, as far as the operator leans on them."""

import asyncio
from typing import Any

import pytest

from simulation.simulator.controllers.job_status import job_ranges
from simulation.simulator.journal import DELETE, How, RefusedError
from simulation.simulator.kinds import JOBS, PDFJOBS, PODS, Ref
from simulation.simulator.rest.selection import selected
from simulation.simulator.store import Store
from simulation.world import pdfjob


GERMINAL = Ref(PDFJOBS, "books", "germinal")
STATUS = How("replace", "status")


@pytest.fixture
async def store() -> Store:
    store = Store()
    store.create(GERMINAL, pdfjob("germinal"))
    return store


async def test_the_clock_jumps_over_what_nobody_waits_for() -> None:
    begin = asyncio.get_running_loop().time()

    await asyncio.sleep(86400)

    assert asyncio.get_running_loop().time() - begin == pytest.approx(86400)


async def test_a_pdfjob_gets_the_defaults_of_its_schema(store: Store) -> None:
    spec = store.get(GERMINAL)["spec"]

    assert (spec["workers"], spec["retries"], spec["processor"], spec["chunking"]) == (
        4,
        3,
        {"text": {}},
        {"pagesPerChunk": 30},
    )


async def test_what_the_schema_does_not_know_is_dropped(store: Store) -> None:
    raw = store.get(GERMINAL)

    store.replace(GERMINAL, {**raw, "status": {"phase": "Pending", "mood": "gloomy"}}, STATUS)

    assert store.get(GERMINAL)["status"] == {"phase": "Pending"}


async def test_a_status_write_changes_no_spec_and_no_generation_and_the_other_way_round(store: Store) -> None:
    raw = store.get(GERMINAL)
    store.replace(GERMINAL, {**raw, "spec": {**raw["spec"], "workers": 9}, "status": {"phase": "Pending"}}, STATUS)
    store.patch(GERMINAL, {"spec": {"workers": 2}, "status": {"phase": "Failed"}})

    after = store.get(GERMINAL)
    assert (after["spec"]["workers"], after["status"], after["metadata"]["generation"]) == (2, {"phase": "Pending"}, 2)


async def test_a_write_of_what_was_read_before_another_write_is_a_conflict(store: Store) -> None:
    old = store.get(GERMINAL)
    store.patch(GERMINAL, {"spec": {"workers": 2}})

    with pytest.raises(RefusedError) as refused:
        store.replace(GERMINAL, {**old, "status": {"phase": "Pending"}}, STATUS)

    assert refused.value.code == 409


async def test_a_write_that_changes_nothing_is_no_revision(store: Store) -> None:
    before = store.revision

    store.patch(GERMINAL, {"spec": {"workers": 4}})

    assert store.revision == before


async def test_a_delete_of_another_object_of_that_name_is_a_conflict(store: Store) -> None:
    with pytest.raises(RefusedError) as refused:
        store.delete(GERMINAL, DELETE, uid="another")

    assert refused.value.code == 409


async def test_children_go_after_their_owners_and_theirs_after_them(store: Store) -> None:
    def child(uid: str) -> dict[str, Any]:
        return {"metadata": {"ownerReferences": [{"uid": uid}]}}

    job = store.create(Ref(JOBS, "books", "a"), child(store.get(GERMINAL)["metadata"]["uid"]))
    store.create(Ref(PODS, "books", "b"), child(job["metadata"]["uid"]))
    store.delete(GERMINAL)

    assert store.collect()
    assert store.all(JOBS) == store.all(PODS) == []


async def test_the_past_stays_readable(store: Store) -> None:
    then = store.revision
    store.delete(GERMINAL)

    assert list(store.past(PDFJOBS, then)) == [GERMINAL]
    assert list(store.past(PDFJOBS, store.revision)) == []


@pytest.mark.parametrize(
    ("labels", "fields", "holds"),
    [
        ("stage", "", True),
        ("!stage", "", False),
        ("stage=merge,uid", "", True),
        ("stage!=merge", "", False),
        ("uid,stage in (prepare,merge)", "", True),
        ("uid,stage in (prepare,chunks)", "", False),
        ("stage notin (merge)", "", False),
        ("", "metadata.name=a,spec.deep.er=1", True),
        ("", "metadata.name!=a", False),
        ("", "spec.nothing=", True),
    ],
)
def test_selectors(labels: str, fields: str, *, holds: bool) -> None:
    raw = {"metadata": {"name": "a", "labels": {"uid": "1", "stage": "merge"}}, "spec": {"deep": {"er": 1}}}

    assert selected(labels, fields)(raw) is holds


def test_indexes_are_written_as_a_job_writes_them() -> None:
    assert job_ranges({0, 1, 3, 5, 6, 7}) == "0,1,3,5-7"
