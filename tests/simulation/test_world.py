from simulation.kinds import JOBS, PDFJOBS
from simulation.work import Plan
from simulation.world import pdfjob, simulation


async def test_a_job_runs_through_all_its_phases() -> None:
    async with simulation(plans={"germinal": Plan(pages=120)}) as sim:
        sim.apply(pdfjob("germinal"))
        await sim.until_ended("germinal")

    written = [it.after["status"]["phase"] for it in sim.store.journal if it.ref.kind is PDFJOBS and it.before]
    assert list(dict.fromkeys(written)) == ["Pending", "Preparing", "Processing", "Merging", "Succeeded"]
    stages = [job["metadata"]["labels"]["pdfjob.dev/stage"] for job in sim.store.all(JOBS)]
    assert sorted(stages) == ["chunks", "merge", "prepare", "sweep"]
    assert sim.operator.exits == []
    sim.check()
