"""The claim of a PdfJob: which one it uses, that one of its own goes with it, and what keeps it from having one."""

from dataclasses import replace
from typing import Any

import pytest

from simulation.simulator.controllers.claims import UNAVAILABLE
from simulation.simulator.controllers.work import TimedPlan
from simulation.simulator.faults.faults import Crash
from simulation.simulator.faults.matches import calls, nth
from simulation.simulator.kinds import CLAIMS, JOBS, PDFJOBS, Manifest, Ref
from simulation.world import NAMESPACE, SETTINGS, Simulation, pdfjob, simulation


PLANS = {"germinal": TimedPlan(pages=90)}
ELSEWHERE = {"volume": {"claimName": "library", "path": "germinal.pdf"}}
LIBRARY = Ref(CLAIMS, NAMESPACE, "library")
WORKSPACE = Ref(CLAIMS, NAMESPACE, SETTINGS.workspace_claim)


def apply(sim: Simulation, **spec: Any) -> Manifest:
    """Make a PdfJob whose source is on another claim."""
    sim.store.create(LIBRARY, {"metadata": {}, "spec": {"accessModes": ["ReadWriteOnce"]}})
    return sim.apply(pdfjob("germinal", source=ELSEWHERE, **spec))


def claims(sim: Simulation) -> list[str]:
    """The claims that operators made."""
    made = [it for it in sim.store.journal if it.ref.kind is CLAIMS and it.how.by.client.startswith("operator")]
    return [it.ref.name for it in made]


async def test_a_pdfjob_in_a_fresh_namespace_gets_a_claim_that_goes_with_it() -> None:
    async with simulation(plans=PLANS, claim=False) as sim:
        apply(sim)
        await sim.until_ended("germinal", seconds=300)

        (claim,) = claims(sim)
        assert sim.status("germinal")["phase"] == "Succeeded"
        assert sim.status("germinal")["output"]["claimName"] == claim
        assert {raw["metadata"]["name"] for raw in sim.store.all(CLAIMS)} == {claim, "library"}

        sim.delete("germinal")
        await sim.rest(3600)

        assert [raw["metadata"]["name"] for raw in sim.store.all(CLAIMS)] == ["library"]
        assert sim.store.all(JOBS) == []  # none that sweeps it, either
        sim.check()


async def test_the_claim_of_the_namespace_is_used_if_it_exists() -> None:
    async with simulation(plans=PLANS) as sim:
        apply(sim)
        await sim.until_ended("germinal")

        assert sim.status("germinal")["output"]["claimName"] == SETTINGS.workspace_claim
        assert claims(sim) == []
        sim.check()


async def test_a_claim_that_appears_later_changes_nothing() -> None:
    async with simulation(plans=PLANS, claim=False) as sim:
        apply(sim, retryFailed=0)
        await sim.until(lambda: sim.status("germinal").get("phase") == "Processing", "the chunks")
        sim.store.create(WORKSPACE, {"metadata": {}, "spec": {"accessModes": ["ReadWriteMany"]}})
        await sim.until_ended("germinal")

        volumes = [
            volume["persistentVolumeClaim"]["claimName"]
            for job in sim.store.all(JOBS)
            for volume in job["spec"]["template"]["spec"]["volumes"]
            if volume["name"] == "workspace"
        ]
        assert {*volumes} == {*claims(sim)}
        assert sim.status("germinal")["phase"] == "Succeeded"


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_an_operator_that_is_killed_while_it_creates_a_claim_creates_one(moment: Any) -> None:
    async with simulation(plans=PLANS, claim=False) as sim:
        sim.faults.add(Crash(nth(0, of=calls("create", plural="persistentvolumeclaims")), moment, sim.operator.crash))
        apply(sim)
        await sim.until_ended("germinal")

        assert len(claims(sim)) == 1
        assert sim.status("germinal")["phase"] == "Succeeded"
        sim.check()


async def test_beyond_the_limit_of_the_administrator_nothing_is_created() -> None:
    async with simulation(plans=PLANS, settings=replace(SETTINGS, max_workspace_size="5Gi")) as sim:
        apply(sim, storage={"size": "6Gi"})
        await sim.until_ended("germinal", seconds=60)

        status = sim.status("germinal")
        reasons = {it["type"]: it["reason"] for it in status["conditions"]}
        assert (status["phase"], reasons["Failed"]) == ("Failed", "StorageRefused")
        assert "allows 5Gi" in status["message"]
        assert (claims(sim), sim.store.all(JOBS)) == ([], [])


async def test_a_quota_for_claims_is_named_and_waited_for() -> None:
    async with simulation(plans=PLANS) as sim:
        sim.store.admission.append(lambda ref, _: "exceeded quota" if ref.kind is CLAIMS and ref != LIBRARY else None)
        apply(sim, storage={"size": "6Gi"})
        await sim.until(lambda: "exceeded quota" in sim.status("germinal").get("message", ""), "a reason", seconds=60)

        sim.store.admission.clear()
        await sim.until_ended("germinal")

        assert sim.status("germinal")["phase"] == "Succeeded"


async def test_within_a_minute_a_job_says_why_its_claim_has_no_volume() -> None:
    async with simulation(plans=PLANS) as sim:
        apply(sim, storage={"storageClassName": UNAVAILABLE})
        await sim.until(lambda: claims(sim) != [], "the claim")
        asked = {"metadata": {"annotations": {"volume.kubernetes.io/storage-provisioner": "ebs.csi.aws.com"}}}
        sim.store.patch(Ref(CLAIMS, NAMESPACE, claims(sim)[0]), asked)

        await sim.until(lambda: "ebs.csi.aws.com" in sim.status("germinal").get("message", ""), "a reason", seconds=60)

        assert [it["reason"] for it in sim.status("germinal")["conditions"] if it["type"] == "Reconciling"] == [
            "ClaimNotBound"
        ]


async def test_the_claim_of_a_deleted_pdfjob_is_not_that_of_the_next_one() -> None:
    async with simulation(plans=PLANS, claim=False) as sim:
        apply(sim)
        await sim.until_ended("germinal")
        sim.delete("germinal")
        await sim.until(lambda: not sim.store.all(PDFJOBS), "the deletion")
        sim.apply(pdfjob("germinal", source=ELSEWHERE))
        await sim.until_ended("germinal")

        first, second = claims(sim)
        assert first != second
        sim.check()


async def test_a_claim_that_cannot_exist_keeps_no_pdfjob_from_its_end() -> None:
    """The API refuses such names, but did not always."""
    async with simulation(plans=PLANS) as sim:
        sim.apply(pdfjob("germinal", storage={"claimName": "a..b"}, timeoutSeconds=300))
        await sim.until_ended("germinal", seconds=3600)

        sim.check()
