"""The soak: PdfJobs without end, and an operator that is killed again and again.

Rounds follow each other: PdfJobs are created, the operator dies a few times, everything ends, everything is deleted.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from statistics import mean

from tools.control_plane.event_log import ENDED
from tools.control_plane.fake_pods import HeldPlan
from tools.control_plane.harness import Harness
from tools.control_plane.process import OperatorProcess
from tools.kubectl.manifests import pdfjob


KINDS = "jobs,pods"
KILLS_EVERY = 4


@dataclass(frozen=True)
class Round:
    """What a round was like.

    Attributes:
        ends: How PdfJobs ended, and how many.
        kills: How often the operator was killed.
        seconds: How long it took.
        resident: Bytes of the operator's memory at its end.
    """

    ends: dict[str, int]
    kills: int
    seconds: float
    resident: int

    def __str__(self) -> str:
        ends = ", ".join(f"{number} {phase}" for phase, number in sorted(self.ends.items()))
        return f"{ends}; {self.kills} kills; {self.seconds:.0f} s; operator {self.resident / 2**20:.1f} MiB"


def rounds(harness: Harness, jobs: int, *, kills: int, seed: int = 0) -> Iterator[Round]:
    """Rounds of so many PdfJobs, without end; what must hold is asserted after each.

    Every fourth round has kills, the first one among them; the rounds between them are one life of the operator, and
    show what its memory does.

    Args:
        harness: Where.
        jobs: PdfJobs in a round.
        kills: How often the operator is killed in a round that has kills.
        seed: Of what chunks do.
    """
    operator = harness.operator(PDFJOB_WORKSPACE_RETENTION_SECONDS="1")
    for number in count():
        began = time.monotonic()
        dice = random.Random(f"{seed} {number}")  # noqa: S311 (must be repeatable)
        names = [f"soak-{number}-{index}" for index in range(jobs)]
        for name in names:
            harness.plan(name, _plan(dice))
        items = [pdfjob(name, "a.pdf", chunking={"pagesPerChunk": 1}, retries=0) for name in names]
        harness.make_all(items)
        deaths = kills if number % KILLS_EVERY == 0 else 0
        for death in range(deaths):
            _until(harness, names, jobs * (death + 1) // (deaths + 1))
            operator.kill()
            operator = harness.operator(PDFJOB_WORKSPACE_RETENTION_SECONDS="1")
        _until(harness, names, jobs)
        harness.check()
        ends = {phase: sum(harness.history(name)[-1].phase == phase for name in names) for phase in ENDED}
        _clear(harness, operator)
        yield Round(ends, deaths, time.monotonic() - began, operator.resident_bytes())
        harness.event_log.forget(harness.namespace)


def _plan(dice: random.Random) -> HeldPlan:
    chunks = dice.choice((1, 2, 4, 7))
    failing = {index: (21,) for index in range(chunks) if dice.random() < 0.1 and chunks > 1}
    hungry = frozenset(index for index in range(chunks) if dice.random() < 0.05 and index not in failing)
    return HeldPlan(pages=chunks, chunks=failing, out_of_memory=hungry)


def _until(harness: Harness, names: list[str], number: int) -> None:
    """Wait until so many of these have ended."""

    def ended() -> set[str]:
        return {it.name for it in harness.event_log.of(harness.namespace, "PdfJob") if it.phase in ENDED} & set(names)

    harness.until(lambda: len(ended()) >= number, f"{number} PdfJobs have ended")


def _clear(harness: Harness, operator: OperatorProcess) -> None:
    """Delete all PdfJobs; nothing may be left of them, and nothing to do."""
    harness.kubectl.run("delete", "pdfjobs", "--all", "--wait=false")
    harness.kubectl.wait(KINDS, "delete", "--selector=pdfjob.dev/uid")
    operator.wait_ready()
    operator.wait_metric_at_most("pdfjob_workqueue_depth", 0)
    owned = [it for it in harness.kubectl.get("jobs,pods") if "pdfjob.dev/uid" in it["metadata"]["labels"]]
    assert owned == []
    assert operator.is_healthy()


def memory_growth(done: list[Round]) -> float:
    """The last third's memory, relative to that of the middle third."""
    third = len(done) // 3
    return mean(it.resident for it in done[-third:]) / mean(it.resident for it in done[third:-third])
