"""Health and the lease: a blind operator is found out, a working one is left alone, and only one is in charge."""

import asyncio

import pytest

from pdfjob_operator.api.cluster import Cluster
from pdfjob_operator.metrics import registry
from pdfjob_operator.objects.pdfjob import Key
from pdfjob_operator.runtime.health import illness
from pdfjob_operator.runtime.leader_election import DURATION_SECONDS, LeaderElection, LeadershipLostError
from pdfjob_operator.runtime.watch_liveness import WatchLiveness
from simulation import clock
from simulation.faults import Answers, Break, Effect, SpoiltWatch, both, calls, during
from simulation.kinds import JOBS
from simulation.work import Plan
from simulation.world import Simulation, pdfjob, simulation


PLANS = {"germinal": Plan(pages=120)}


def complaint() -> str | None:
    """What `/healthz` would say, from the same figures."""
    age = registry.REGISTRY.get_sample_value("pdfjob_watch_lag_seconds") or 0.0
    queue = registry.REGISTRY.get_sample_value("pdfjob_workqueue_longest_wait_seconds") or 0.0
    return illness(held_for=float("inf"), echo_age=age, queue_age=queue)


@pytest.mark.parametrize("plural", ["pdfjobs", "jobs"])
async def test_an_operator_that_hears_nothing_is_ill_within_three_minutes(plural: str) -> None:
    async with simulation(plans=PLANS) as sim:
        await sim.rest(5)
        sim.faults.add(SpoiltWatch(calls("watch", plural=plural), Effect.DROP))
        sim.apply(pdfjob("germinal"))

        await sim.until(lambda: bool(sim.store.all(JOBS)), "a Job")
        await asyncio.sleep(180)

        assert "blind" in str(complaint())


async def test_a_working_operator_is_well_all_the_time() -> None:
    async with simulation(plans=PLANS) as sim:
        sim.apply(pdfjob("germinal"))
        complaints = []

        async def look() -> None:
            while True:
                complaints.append(complaint())
                await asyncio.sleep(5)

        looking = asyncio.create_task(look())
        await sim.until_ended("germinal")
        await sim.rest(1800)
        looking.cancel()

        assert len(complaints) > 300
        assert set(complaints) == {None}


def test_an_operator_is_not_ill_because_the_api_server_is_away() -> None:
    assert illness(held_for=0, echo_age=600, queue_age=600) is None
    assert illness(held_for=10, echo_age=600, queue_age=600) is None
    assert illness(held_for=700, echo_age=0, queue_age=0) is None
    assert "blind" in str(illness(held_for=700, echo_age=100, queue_age=0))
    assert "stuck" in str(illness(held_for=700, echo_age=0, queue_age=400))


async def test_an_echo_is_missing_until_it_is_heard_or_nobody_can_send_it() -> None:
    liveness, one, other = WatchLiveness(), Key("books", "one"), Key("books", "other")
    liveness.record_write("pdfjobs", one)
    liveness.record_write("jobs", other)
    await asyncio.sleep(7)
    liveness.record_write("pdfjobs", one)
    assert liveness.lag() == 7

    liveness.record_event("pdfjobs", one)
    liveness.record_event("pdfjobs", other)
    assert liveness.lag() == 7
    liveness.retain({one})
    assert liveness.lag() == 0


class TestLease:
    def contender(self, cluster: Cluster, name: str) -> LeaderElection:
        return LeaderElection(cluster, "books/pdfjob", name, clock.now)

    async def hold(
        self, sim: Simulation, *, interrupt: float | None = None
    ) -> tuple[LeaderElection, asyncio.Task[None], Cluster]:
        """A lease that is held by somebody, whose renewals are cut off after a while."""
        cluster = Cluster()
        leader_election = self.contender(cluster, "first")
        task = asyncio.create_task(leader_election.run())
        await leader_election.wait_until_leader()
        if interrupt is not None:
            sim.faults.add(Answers(both(calls(plural="leases"), during(interrupt, 3600)), Break.RESET))
        return leader_election, task, cluster

    async def test_only_one_holds_it_and_the_next_one_waits(self) -> None:
        async with simulation() as sim:
            await sim.rest(5)
            first, task, cluster = await self.hold(sim)
            second = self.contender(cluster, "second")
            waiting = asyncio.create_task(second.run())
            await asyncio.sleep(600)
            assert (first.is_leader(), second.is_leader()) == (True, False)

            task.cancel()
            await first.release()
            await asyncio.sleep(5)
            assert second.is_leader()
            waiting.cancel()
            await cluster.__aexit__()

    async def test_one_that_died_is_followed_after_its_time(self) -> None:
        async with simulation() as sim:
            await sim.rest(5)
            _, task, cluster = await self.hold(sim)
            task.cancel()
            second = self.contender(cluster, "second")
            waiting = asyncio.create_task(second.run())

            await asyncio.sleep(DURATION_SECONDS - 2)
            assert not second.is_leader()
            await asyncio.sleep(6)
            assert second.is_leader()
            waiting.cancel()
            await cluster.__aexit__()

    async def test_one_that_cannot_renew_it_waits_and_does_not_end(self) -> None:
        async with simulation() as sim:
            await sim.rest(5)
            leader_election, task, cluster = await self.hold(sim, interrupt=20)
            await asyncio.sleep(120)
            assert not leader_election.is_leader()
            assert leader_election.leading_seconds() == 0

            sim.faults.clear()
            await leader_election.wait_until_leader()
            assert not task.done()
            task.cancel()
            await cluster.__aexit__()

    async def test_one_that_finds_another_in_charge_ends(self) -> None:
        async with simulation() as sim:
            await sim.rest(5)
            _, task, cluster = await self.hold(sim)
            found = await cluster.lease("books", "pdfjob")
            assert found is not None
            await cluster.write_lease({**found, "spec": {**found["spec"], "holderIdentity": "second"}})

            with pytest.raises(LeadershipLostError, match="second holds the lease"):
                await task
            await cluster.__aexit__()
