"""Restored from a backup, as Velero does it: PdfJobs with new uids run no second time, and their outputs stay."""

import copy

from pdfjob_operator.objects.labels import LABEL_RESTORED
from pdfjob_operator.planning.planner import RESTORE_SECONDS
from simulation.pdfjobs.test_sweeps import SOON
from simulation.simulator.controllers.work import TimedPlan
from simulation.simulator.journal import How
from simulation.simulator.kinds import CLAIMS, JOBS, PDFJOBS, PODS, Manifest, Ref, ref_of
from simulation.world import NAMESPACE, SETTINGS, Simulation, pdfjob, simulation


PLANS = {"germinal": TimedPlan(pages=90), "nana": TimedPlan(pages=90, chunks={0: (21,)}), "pot": TimedPlan(pages=90)}
HOUR = 3600


def lose(sim: Simulation) -> list[Manifest]:
    """Lose all objects, and keep the volume; returns the PdfJobs as a backup has them."""
    saved = copy.deepcopy(sim.store.all(PDFJOBS))
    for kind in (CLAIMS, PDFJOBS, JOBS, PODS):
        for raw in sim.store.all(kind):
            if ref_of(kind, raw) in {ref_of(kind, it) for it in sim.store.all(kind)}:
                sim.store.delete(ref_of(kind, raw))
    return saved


def restore_claim(sim: Simulation) -> None:
    """Restore the claim of the workspaces, on the volume that has all files."""
    ref = Ref(CLAIMS, NAMESPACE, SETTINGS.workspace_claim)
    sim.store.create(ref, {"spec": {"accessModes": ["ReadWriteMany"]}})
    status = {"phase": "Bound", "accessModes": ["ReadWriteMany"]}
    sim.store.patch(ref, {"status": status}, How("patch", "status"))


async def restore(sim: Simulation, saved: Manifest, *, status: bool = True, after: float = 5) -> Manifest:
    """Restore a PdfJob, and its status a few seconds later, unless somebody has changed it meanwhile."""
    labels = {**saved["metadata"].get("labels", {}), LABEL_RESTORED: "tuesday"}
    created = sim.apply(
        {**pdfjob(saved["metadata"]["name"]), "spec": saved["spec"]}
        | {"metadata": {"name": saved["metadata"]["name"], "namespace": NAMESPACE, "labels": labels}}
    )
    await sim.rest(after)
    if status:
        ref = ref_of(PDFJOBS, created)
        return sim.store.replace(ref, {**created, "status": saved["status"]}, How("replace", "status"))
    return created


def jobs_of(sim: Simulation, raw: Manifest) -> list[str]:
    """Return the Jobs that were ever created for a PdfJob, which may be deleted since."""
    uid = raw["metadata"]["uid"]
    return [
        change.ref.name
        for change in sim.store.journal
        if change.ref.kind is JOBS
        and change.type == "ADDED"
        and uid in [owner["uid"] for owner in change.after["metadata"].get("ownerReferences", ())]
    ]


async def test_a_finished_pdfjob_is_restored_as_it_was_and_its_output_stays() -> None:
    async with simulation(plans=PLANS, settings=SOON) as sim:
        sim.apply(pdfjob("germinal"))
        sim.apply(pdfjob("nana"))
        await sim.until_ended("germinal", "nana")
        saved, outputs = lose(sim), set(sim.volume.workspaces)
        await sim.rest(HOUR)

        restore_claim(sim)
        restored = [await restore(sim, it) for it in saved]
        sim.apply(pdfjob("pot"))
        await sim.until_ended("pot")
        sim.delete("pot")  # so that its claim is swept
        await sim.until(lambda: len(sim.volume.removals) == 1, "the sweep", seconds=HOUR)
        await sim.rest(HOUR)

        for before, now in zip(saved, restored, strict=True):
            assert now["metadata"]["uid"] != before["metadata"]["uid"]
            assert jobs_of(sim, now) == []
            assert sim.status(before["metadata"]["name"]) == before["status"]
        assert set(sim.volume.workspaces) == outputs
        sim.check()


async def test_a_backup_has_none_of_the_jobs_and_pods_that_the_operator_creates() -> None:
    """Restored, they would work on without their PdfJob, and send requests that nobody waits for."""
    async with simulation(plans=PLANS, settings=SOON) as sim:
        sim.apply(pdfjob("germinal"))
        await sim.until_ended("germinal")
        sim.delete("germinal")
        await sim.until(lambda: len(sim.volume.removals) == 1, "the sweep", seconds=HOUR)

        created = [change.after for change in sim.store.journal if change.ref.kind is JOBS]
        templates = [raw["spec"]["template"] for raw in created]
        assert {raw["metadata"]["labels"]["pdfjob.dev/stage"] for raw in created} == {
            "prepare", "chunks", "early-merge", "sweep",
        }  # fmt: skip
        assert {raw["metadata"]["labels"].get("velero.io/exclude-from-backup") for raw in (*created, *templates)} == {
            "true"
        }


async def test_a_pdfjob_that_is_restored_without_its_status_waits_for_somebody_to_confirm_it() -> None:
    async with simulation(plans=PLANS, settings=SOON) as sim:
        sim.apply(pdfjob("germinal"))
        await sim.until_ended("germinal")
        (saved,) = lose(sim)
        restore_claim(sim)

        restored = await restore(sim, saved, status=False, after=HOUR)

        status = sim.status("germinal")
        assert (status["phase"], jobs_of(sim, restored)) == ("Suspended", [])
        assert status["message"].endswith("remove the label velero.io/restore-name to run it.")
        sim.apply({"metadata": {"name": "germinal", "namespace": NAMESPACE, "labels": {LABEL_RESTORED: None}}})
        await sim.until_ended("germinal")
        assert sim.status("germinal")["phase"] == "Succeeded"
        sim.check()


async def test_the_status_may_be_restored_until_the_operator_writes_one_of_its_own() -> None:
    async with simulation(plans=PLANS) as sim:
        sim.apply(pdfjob("germinal"))
        await sim.until_ended("germinal")
        (saved,) = lose(sim)
        restore_claim(sim)

        await restore(sim, saved, after=RESTORE_SECONDS - 1)

        await sim.rest(HOUR)
        assert sim.status("germinal") == saved["status"]


async def test_a_pdfjob_that_had_not_finished_fails_without_a_request_once_it_is_confirmed() -> None:
    """Its chunks are in a workspace that belongs to its old uid: only a retry begins anew."""
    async with simulation(plans=PLANS) as sim:
        sim.apply(pdfjob("germinal", workers=1))
        await sim.until(lambda: sim.status("germinal").get("progress") == "1/3", "the first chunk")
        (saved,) = lose(sim)
        restore_claim(sim)

        restored = await restore(sim, saved)
        await sim.rest(HOUR)

        assert (sim.status("germinal")["phase"], jobs_of(sim, restored)) == ("Suspended", [])
        assert sim.status("germinal")["progress"] == "1/3"
        sim.apply({"metadata": {"name": "germinal", "namespace": NAMESPACE, "labels": {LABEL_RESTORED: None}}})
        await sim.until_ended("germinal")
        assert sim.status("germinal")["phase"] == "Failed"
        sim.apply(pdfjob("germinal", workers=1, retryFailed=1))
        await sim.until(lambda: sim.status("germinal").get("phase") == "Succeeded", "the retry")
        sim.check()
