"""Plays a history against the real operator, and has `ends` judge what came of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from pdfjob_operator.objects.names import stage_job_name
from pdfjob_operator.objects.pdfjob import PdfJob
from pdfjob_operator.objects.phases import Stage
from simulation.random_histories.ends import awaits_collection, has_orphans, is_through, judge_what_is_left
from simulation.random_histories.histories import History
from simulation.simulator.controllers.kueue import LABEL_QUEUE
from simulation.simulator.controllers.mesh import inject_proxies
from simulation.simulator.faults.call import Answer, Call
from simulation.simulator.faults.faults import Answers, Fault
from simulation.simulator.journal import RefusedError
from simulation.simulator.kinds import CLAIMS, EVENTS, JOBS, LEASES, PDFJOBS, Manifest, Ref
from simulation.world import NAMESPACE, SETTINGS, Simulation, pdfjob, simulation


PATIENCE_SECONDS = 300
"""How long a step waits for a write that may never come."""

MERGE_SECONDS = 600
"""What a merge gets after the deadline, to clean up."""

LATE_SECONDS = 900
"""How much later than that a PdfJob may end: restarts, resyncs and back-offs of a few minutes each."""

SETTLE_SECONDS = 60
"""After which the Jobs of a PdfJob that has ended have ended, too."""

RETENTION_SECONDS = 60

LIBRARY = "library"
"""The claim with the sources of PdfJobs that ask for a claim of their own."""


class Player(Fault):
    """Plays a history in a simulation.

    Attributes:
        sim: Where.

    Args:
        sim: Where.
        history: What.
    """

    def __init__(self, sim: Simulation, history: History) -> None:
        self.sim = sim
        self._history = history
        self._steps = list(history.steps)
        self._writes = 0
        self._taken = asyncio.Event()

    async def run(self) -> None:
        """Take all steps; from then on everything goes well."""
        self.sim.faults.add(self)
        books = [asyncio.create_task(self._create(number)) for number in range(len(self._history.books))]
        while self._steps:
            when = self._steps[0].when
            if when.before is None and when.after is None:
                await asyncio.sleep(when.seconds)
                self._take(None)
                continue
            self._taken.clear()
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self._taken.wait()
            except TimeoutError:
                self._take(None)
        await asyncio.gather(*books)
        await asyncio.sleep(1)
        self.sim.faults.clear()
        for raw in self.sim.store.all(JOBS):
            if "foreign" in raw["metadata"].get("labels", {}):
                self.sim.store.delete(Ref(JOBS, NAMESPACE, raw["metadata"]["name"]))

    def before(self, call: Call) -> Answer | None:
        return self._at_write("before", call)

    def after(self, call: Call) -> Answer | None:
        answer = self._at_write("after", call)
        if _counts(call):
            self._writes += 1
        return answer

    def spoil(self, answer: Answer) -> None:
        """Give this answer to the next write."""
        left = [answer]
        self.sim.faults.add(Answers(lambda call: _counts(call) and bool(left) and left.pop() is not None, answer))

    def found(self, book: int) -> Manifest | None:
        """Return a PdfJob as it is now; `None` if it is not there."""
        try:
            return self.sim.pdfjob(self._name(book))
        except RefusedError:
            return None

    def change(self, book: int, **spec: Any) -> None:
        """Change the spec of a PdfJob, if it is there."""
        if self.found(book) is not None:
            self.sim.store.patch(Ref(PDFJOBS, NAMESPACE, self._name(book)), {"spec": spec})

    def apply(self, number: int) -> None:
        """Create a PdfJob, unless it is there."""
        if self.found(number) is not None:
            return
        book, name = self._history.books[number % len(self._history.books)], self._name(number)
        spec: dict[str, Any] = {"workers": book.workers, "timeoutSeconds": book.timeout, "retries": 1}
        if book.ttl is not None:
            spec["ttlSecondsAfterFinished"] = book.ttl
        if book.own_claim:
            spec |= {"source": {"volume": {"claimName": LIBRARY, "path": "a.pdf"}}, "storage": {"size": "1Gi"}}
        manifest = pdfjob(name, **spec)
        if book.queued:
            manifest["metadata"]["labels"] = {LABEL_QUEUE: "queue"}
        self.sim.plans[name] = book.plan
        self.sim.apply(manifest)

    @staticmethod
    def job_name(raw: Manifest, stage: str) -> str:
        """Return the name of a PdfJob's Job."""
        job = PdfJob.parse(raw)
        return stage_job_name(job, Stage(stage), job.round, 0)

    def _name(self, book: int) -> str:
        return f"book-{book % len(self._history.books)}"

    async def _create(self, number: int) -> None:
        await asyncio.sleep(self._history.books[number].later)
        self.apply(number)

    def _at_write(self, moment: str, call: Call) -> Answer | None:
        """Take the steps whose turn has come at this moment of a write; return the answer to it, if they give one."""
        answer = None
        while answer is None and self._steps and _counts(call):
            if getattr(self._steps[0].when, moment) != self._writes:
                break
            self._writes = 0 if moment == "before" else -1  # this very write is counted after it
            answer = self._take(call)
        return answer

    def _take(self, call: Call | None) -> Answer | None:
        """Take the next step."""
        step = self._steps.pop(0)
        if call is None:
            self._writes = 0
        self._taken.set()
        return step.action.act(self, step.book, call)


async def play(history: History) -> Simulation:
    """Play a history; return the simulation, for what there is to read in it.

    Raises:
        AssertionError: A promise was broken.
    """
    lease = (NAMESPACE, "pdfjob") if history.operators > 1 and history.lease else None
    settings = replace(SETTINGS, lease=lease, workspace_retention_seconds=RETENTION_SECONDS)
    second = settings if history.operators > 1 else None
    async with simulation(seed=history.seed, settings=settings, second=second) as sim:
        sim.store.create(Ref(CLAIMS, NAMESPACE, LIBRARY), {"metadata": {}, "spec": {"accessModes": ["ReadWriteOnce"]}})
        if history.mesh:
            inject_proxies(sim.store)
        await Player(sim, history).run()
        longest = 2 * max(book.timeout + MERGE_SECONDS for book in history.books) + LATE_SECONDS
        await sim.until(lambda: all(is_through(raw) for raw in sim.store.all(PDFJOBS)), "every end", seconds=longest)
        await sim.rest(SETTLE_SECONDS)
        await sim.until(lambda: not awaits_collection(sim), "the garbage collector", seconds=60)
        sim.check(ended=False)
        judge_what_is_left(sim)
        await sim.until(lambda: not has_orphans(sim), "no workspace of a deleted PdfJob", seconds=3600)
        sim.check(ended=False)
    return sim


def _counts(call: Call) -> bool:
    """Whether a call is one of the writes that steps count."""
    return call.writes and call.ref.kind is not LEASES and call.ref.kind is not EVENTS
