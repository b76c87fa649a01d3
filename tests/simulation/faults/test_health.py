"""Health and leader election: an operator with a dead watch is unhealthy, a working one is not, and only one leads."""

import asyncio
from dataclasses import replace

import pytest

from pdfjob_operator.api.client import Client
from pdfjob_operator.api.leases import Leases
from pdfjob_operator.metrics import registry
from pdfjob_operator.objects.pdfjob import Key
from pdfjob_operator.runtime.health import unhealthy_reason
from pdfjob_operator.runtime.leader_election import LEASE_DURATION_SECONDS, LeaderElection, LeadershipLostError
from pdfjob_operator.runtime.watch_liveness import WatchLiveness
from simulation.simulator import clock
from simulation.simulator.controllers.work import TimedPlan
from simulation.simulator.faults.call import Break, Effect
from simulation.simulator.faults.faults import Answers, SpoiltWatch
from simulation.simulator.faults.matches import both, calls, during
from simulation.simulator.kinds import JOBS, LEASES
from simulation.world import SETTINGS, Simulation, pdfjob, simulation


PLANS = {"germinal": TimedPlan(pages=120)}


def complaint() -> str | None:
    """What `/healthz` would say, from the same figures."""
    age = registry.REGISTRY.get_sample_value("pdfjob_watch_lag_seconds") or 0.0
    queue = registry.REGISTRY.get_sample_value("pdfjob_workqueue_longest_wait_seconds") or 0.0
    return unhealthy_reason(leading_seconds=float("inf"), watch_lag=age, queue_stall=queue)


@pytest.mark.parametrize("plural", ["pdfjobs", "jobs"])
async def test_an_operator_whose_watch_delivers_nothing_is_unhealthy_within_three_minutes(plural: str) -> None:
    async with simulation(plans=PLANS) as sim:
        await sim.rest(5)
        sim.faults.add(SpoiltWatch(calls("watch", plural=plural), Effect.DROP))
        sim.apply(pdfjob("germinal"))

        await sim.until(lambda: bool(sim.store.all(JOBS)), "a Job")
        await asyncio.sleep(180)

        assert "not delivered" in str(complaint())


async def test_a_working_operator_is_always_healthy() -> None:
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


async def test_a_watch_that_falls_silent_is_replaced_before_the_operator_is_unhealthy() -> None:
    async with simulation(plans=PLANS) as sim:
        await sim.rest(100)
        sim.faults.add(SpoiltWatch(both(calls("watch"), during(0, 10)), Effect.SILENCE))
        sim.apply(pdfjob("germinal"))
        for _ in range(60):
            assert complaint() is None
            await asyncio.sleep(5)
        assert sim.status("germinal")["phase"] == "Succeeded"


async def test_of_two_operators_with_a_lease_only_the_leader_writes() -> None:
    settings = replace(SETTINGS, lease=("books", "pdfjob"))
    async with simulation(plans=PLANS, settings=settings, second=settings) as sim:
        sim.apply(pdfjob("germinal"))
        await sim.until_ended("germinal")
        await sim.rest(60)
        writers = {call.client for call in sim.server.calls if call.writes and call.ref.kind is not LEASES}
        assert len(writers) == 1
        sim.check()


async def test_two_operators_without_a_lease_do_no_harm() -> None:
    async with simulation(plans=PLANS, second=SETTINGS) as sim:
        sim.apply(pdfjob("germinal"))
        await sim.until_ended("germinal")
        await sim.rest(60)
        writers = {call.client for call in sim.server.calls if call.writes}
        assert writers == {"operator-1", "second-1"}
        sim.check()


def test_an_operator_is_not_unhealthy_because_the_api_server_is_unavailable() -> None:
    assert unhealthy_reason(leading_seconds=0, watch_lag=600, queue_stall=600) is None
    assert unhealthy_reason(leading_seconds=10, watch_lag=600, queue_stall=600) is None
    assert unhealthy_reason(leading_seconds=700, watch_lag=0, queue_stall=0) is None
    assert "not delivered" in str(unhealthy_reason(leading_seconds=700, watch_lag=100, queue_stall=0))
    assert "work queue" in str(unhealthy_reason(leading_seconds=700, watch_lag=0, queue_stall=400))


async def test_a_write_is_pending_until_its_event_arrives_or_the_pdfjob_is_deleted() -> None:
    liveness, one, other = WatchLiveness(), Key("books", "one"), Key("books", "other")
    for resource, key in (("pdfjobs", one), ("jobs", other)):
        with liveness.expect(resource, key):
            pass
    await asyncio.sleep(7)
    with liveness.expect("pdfjobs", one):
        pass
    assert liveness.lag() == 7

    liveness.record_event("pdfjobs", one)
    liveness.record_event("pdfjobs", other)
    assert liveness.lag() == 7
    liveness.retain({one})
    assert liveness.lag() == 0


async def test_a_watch_that_delivers_other_events_is_late_and_not_dead() -> None:
    liveness = WatchLiveness()
    for resource, number in [*(("pdfjobs", number) for number in range(1000)), ("jobs", 0)]:
        with liveness.expect(resource, Key("books", f"job-{number}")):
            pass
    for number in range(100):
        await asyncio.sleep(3)
        liveness.record_event("pdfjobs", Key("books", f"job-{number}"))

    liveness.record_event("jobs", Key("books", "another"))
    assert liveness.lag() == 0
    await asyncio.sleep(100)
    assert liveness.lag() == 100


async def test_nothing_that_was_written_before_a_watch_began_is_expected_of_it() -> None:
    liveness, key = WatchLiveness(), Key("books", "one")
    for resource in ("pdfjobs", "jobs"):
        with liveness.expect(resource, key):
            await asyncio.sleep(0)
    await asyncio.sleep(7)

    liveness.restart("pdfjobs")
    assert liveness.lag() == 7
    liveness.restart("jobs")
    assert liveness.lag() == 0


class TestLeaderElection:
    def contender(self, client: Client, name: str) -> LeaderElection:
        return LeaderElection(Leases(client), ("books", "pdfjob"), name, clock.now)

    async def hold(
        self, sim: Simulation, *, interrupt: float | None = None
    ) -> tuple[LeaderElection, asyncio.Task[None], Client]:
        """A lease that is held by somebody, whose renewals are cut off after a while."""
        await sim.connect()
        client = Client()
        leader_election = self.contender(client, "first")
        task = asyncio.create_task(leader_election.run())
        await leader_election.wait_until_leader()
        if interrupt is not None:
            sim.faults.add(Answers(both(calls(plural="leases"), during(interrupt, 3600)), Break.RESET))
        return leader_election, task, client

    async def test_only_one_holds_it_and_the_next_one_waits(self) -> None:
        async with simulation() as sim:
            await sim.rest(5)
            first, task, client = await self.hold(sim)
            second = self.contender(client, "second")
            waiting = asyncio.create_task(second.run())
            await asyncio.sleep(600)
            assert (first.is_leader(), second.is_leader()) == (True, False)

            task.cancel()
            await first.release()
            await asyncio.sleep(5)
            assert second.is_leader()
            waiting.cancel()
            await client.__aexit__()

    async def test_one_that_died_is_followed_after_its_time(self) -> None:
        async with simulation() as sim:
            await sim.rest(5)
            _, task, client = await self.hold(sim)
            task.cancel()
            second = self.contender(client, "second")
            waiting = asyncio.create_task(second.run())

            await asyncio.sleep(LEASE_DURATION_SECONDS - 2)
            assert not second.is_leader()
            await asyncio.sleep(6)
            assert second.is_leader()
            waiting.cancel()
            await client.__aexit__()

    async def test_one_that_cannot_renew_it_waits_and_does_not_end(self) -> None:
        async with simulation() as sim:
            await sim.rest(5)
            leader_election, task, client = await self.hold(sim, interrupt=20)
            await asyncio.sleep(120)
            assert not leader_election.is_leader()
            assert leader_election.leading_seconds() == 0

            sim.faults.clear()
            await leader_election.wait_until_leader()
            assert not task.done()
            task.cancel()
            await client.__aexit__()

    async def test_one_that_finds_another_in_charge_ends(self) -> None:
        async with simulation() as sim:
            await sim.rest(5)
            _, task, client = await self.hold(sim)
            found = await Leases(client).get("books", "pdfjob")
            assert found is not None
            await Leases(client).replace({**found, "spec": {**found["spec"], "holderIdentity": "second"}})

            with pytest.raises(LeadershipLostError, match="second holds the lease"):
                async with asyncio.timeout(600):
                    await task
            await client.__aexit__()
