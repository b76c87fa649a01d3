"""What becomes of a claim that is due for a sweep: async, because time is the event loop's."""

import asyncio
from typing import Any

from builders import NOW, SETTINGS, make_claim, make_pdfjob, variables
from chunk_runner.contract import environment
from chunk_runner.contract.live_pdfjobs import LivePdfJobs
from pdfjob_operator.garbage_collection.collector import GarbageCollector
from pdfjob_operator.garbage_collection.sweep_job import Claim, note_of
from pdfjob_operator.metrics.namespace_labels import NamespaceLabels
from pdfjob_operator.metrics.recorder import MetricsRecorder
from unit.pdfjob_operator.fake_cluster import FakeCluster


CLAIM = Claim("books", "shelf")
PDFJOB = make_pdfjob(storage={"claimName": "shelf"})


async def swept(cluster: FakeCluster) -> GarbageCollector:
    """A collector that has dealt with the claim once."""
    processed = asyncio.Event()
    turns = iter([None])

    async def one_turn() -> None:
        for _ in turns:
            return
        processed.set()
        await asyncio.Event().wait()

    collector = GarbageCollector(
        cluster, SETTINGS, lambda: NOW, one_turn, MetricsRecorder(SETTINGS.prices, NamespaceLabels(20, SETTINGS.prices))
    )
    await collector.claims.register(CLAIM)
    cluster.created.clear()
    collector.queue.add(CLAIM)
    task = asyncio.create_task(collector.queue.run())
    await processed.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return collector


def note() -> dict[str, Any]:
    """The sweep Job that records the claim."""
    manifest = note_of(CLAIM, SETTINGS)
    return manifest | {"metadata": manifest["metadata"] | {"uid": "uid-of-the-job"}}


async def test_a_sweep_is_told_which_pdfjobs_exist_and_for_which_claim_workspaces_were_created() -> None:
    cluster = FakeCluster(PDFJOB)
    cluster.claims, cluster.job_list = [make_claim("shelf")], [note()]

    await swept(cluster)

    (sweep,) = cluster.created
    told = variables(sweep)
    assert told[environment.CLAIM_ENV] == "uid-of-shelf"
    before = int(told[environment.BEFORE_ENV])
    assert before == NOW.timestamp() - SETTINGS.workspace_retention_seconds
    assert PDFJOB.uid in LivePdfJobs.loads(before, told[environment.LIVE_ENV])
    assert cluster.deleted == [note()["metadata"]["name"]]


async def test_a_claim_that_does_not_exist_is_forgotten_with_its_sweep_jobs() -> None:
    cluster = FakeCluster(None)
    cluster.job_list = [note()]

    collector = await swept(cluster)

    assert (cluster.created, cluster.deleted) == ([], [note()["metadata"]["name"]])
    assert CLAIM not in collector.claims


async def test_a_claim_that_does_not_exist_yet_stays_registered_for_the_pdfjob_that_waits_for_it() -> None:
    cluster = FakeCluster(PDFJOB)
    cluster.job_list = [note()]

    collector = await swept(cluster)

    assert (cluster.created, cluster.deleted) == ([], [])
    assert CLAIM in collector.claims


async def test_a_claim_that_is_used_in_another_namespace_or_by_another_name_does_not_count() -> None:
    cluster = FakeCluster(make_pdfjob(storage={"claimName": "other"}))
    cluster.job_list = [note()]

    assert CLAIM not in (await swept(cluster)).claims


async def test_a_claim_that_is_deleted_with_its_owner_is_not_swept() -> None:
    cluster = FakeCluster(PDFJOB)
    cluster.claims = [make_claim("shelf", has_owner=True)]

    await swept(cluster)

    assert (cluster.created, cluster.deleted) == ([], [])


async def test_a_pdfjob_with_a_claim_of_its_own_leaves_nothing_to_sweep() -> None:
    collector = GarbageCollector(
        FakeCluster(),
        SETTINGS,
        lambda: NOW,
        never,
        MetricsRecorder(SETTINGS.prices, NamespaceLabels(20, SETTINGS.prices)),
    )

    collector.add(make_pdfjob(storage={"size": "1Gi"}).raw)
    collector.remove(PDFJOB.uid)

    assert len(collector.queue) == 0


async def never() -> None:
    await asyncio.Event().wait()
