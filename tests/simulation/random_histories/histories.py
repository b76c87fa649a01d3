"""Histories: PdfJobs, and what happens to them, as plain data that is drawn at random, printed and played again.

A step happens after some time, or exactly before or after one of the operator's next writes, where a change by somebody
else does most harm. Knows what may happen, and nothing of what must follow.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies

from simulation.random_histories.action import Action, Nothing
from simulation.random_histories.failures import Kill, LoseEvents, ReadThePast, Spoil
from simulation.random_histories.others import Admit, DeleteJobs, DeletePods, Evict, ResumeJobs, SuspendJobs, TakeName
from simulation.random_histories.owners import Annotate, Delete, Retry, Scale, Suspend, TimeToLive
from simulation.simulator.controllers.work import TimedPlan
from simulation.simulator.faults.call import Break, Error


@dataclass(frozen=True)
class Book:
    """A PdfJob: what it asks for, and what happens to its pods.

    Attributes:
        plan: What happens to its pods.
        workers: Of its spec.
        timeout: Of its spec, in seconds.
        ttl: Of its spec, in seconds; `None` for none.
        queued: Whether Kueue decides when its chunks run.
        own_claim: Whether it asks for a claim of its own.
        later: Seconds until it is created.
    """

    plan: TimedPlan
    workers: int = 4
    timeout: int = 600
    ttl: int | None = None
    queued: bool = False
    own_claim: bool = False
    later: float = 0


@dataclass(frozen=True)
class When:
    """The moment of a step.

    Attributes:
        seconds: So long after the last step, unless it waits for a write.
        before: Before this write of the operator, counted from 0 after the last step.
        after: After this write.
    """

    seconds: float = 0
    before: int | None = None
    after: int | None = None


@dataclass(frozen=True)
class Step:
    """A step.

    Attributes:
        when: Its moment.
        action: What happens.
        book: To which PdfJob, by its number.
    """

    when: When
    action: Action
    book: int = 0


@dataclass(frozen=True)
class History:
    """A history.

    Attributes:
        books: The PdfJobs.
        steps: What happens, in order.
        operators: How many operators run.
        lease: Whether these have a Lease.
        mesh: Whether a mesh injects a container into each pod.
        seed: Of what the operator and the pods draw.
    """

    books: tuple[Book, ...]
    steps: tuple[Step, ...] = ()
    operators: int = 1
    lease: bool = False
    mesh: bool = False
    seed: int = 0


# Of each list, the first is the simplest: that is what shrinking leads to.

PLANS = (
    TimedPlan(pages=90, chunk_seconds=20),
    TimedPlan(pages=90, chunk_seconds=20, early=1),
    TimedPlan(pages=90, early=None),
    TimedPlan(pages=90, chunks={1: (21,)}),
    TimedPlan(pages=90, chunks={1: (21,)}, mended=1),
    TimedPlan(pages=90, merge=(1,)),
    TimedPlan(pages=90, chunks={0: (1, 0), 2: (21,)}, merge=(1, 0), mended=2),
    TimedPlan(pages=90, out_of_memory=frozenset({1})),
    TimedPlan(pages=90, out_of_memory=frozenset({0, 2}), chunks={1: (21,)}, mended=1),
    TimedPlan(pages=90, chunks={0: (21,), 1: (21,), 2: (21,)}, mended=1),
    TimedPlan(pages=90, chunks={1: (22,)}, mended=1),
    TimedPlan(pages=90, chunk_seconds=5000),
    TimedPlan(pages=90, merge_seconds=60),
    TimedPlan(pages=90, merge_seconds=5000),
    TimedPlan(pages=300, chunk_seconds=90),
    TimedPlan(pages=12),
    TimedPlan(pages=12, chunks={0: (21,)}, mended=1),
    TimedPlan(prepare=(20,), mended=1),
    TimedPlan(prepare=(1,)),
    TimedPlan(prepare=(137,)),
    TimedPlan(prepare=(1, 1, 0), prepare_seconds=30),
    TimedPlan(prepare_seconds=5000),
    TimedPlan(waiting="ErrImagePull"),
)

WHENS = (
    *(When(seconds) for seconds in (0, 0.3, 1, 3, 8, 20, 60, 200)),
    *(When(before=write) for write in (0, 1, 2, 3)),
    *(When(after=write) for write in (0, 1, 2, 3)),
)

OWNER = (
    Annotate(),
    Suspend(),
    Suspend(),
    Retry(),
    Retry(),
    Scale(1),
    Scale(0),
    Scale(9),
    TimeToLive(0),
    TimeToLive(60),
    TimeToLive(None),
    Delete(),
)

OTHERS = (
    DeletePods(),
    DeleteJobs(("prepare",)),
    DeleteJobs(("chunks",)),
    DeleteJobs(("merge",)),
    DeleteJobs(("early-merge",)),
    DeleteJobs(("prepare", "chunks")),
    DeleteJobs(("prepare", "chunks", "early-merge", "merge")),
    SuspendJobs(),
    ResumeJobs(),
    TakeName("chunks"),
    TakeName("merge"),
    TakeName("early-merge"),
    Evict(),
    Admit(60),
    Admit(None),
)

TROUBLE = (
    Kill(),
    Kill(),
    Kill(),
    Spoil(Error(409, "Conflict")),
    Spoil(Error(409, "Conflict")),
    Spoil(Error(503)),
    Spoil(Error(403)),
    Spoil(Error(422, "Invalid")),
    Spoil(Error(429, retry_after=20)),
    Spoil(Break.RESET),
    Spoil(Break.HANG),
    LoseEvents(1),
    LoseEvents(1, "jobs"),
    LoseEvents(4),
    LoseEvents(30),
    ReadThePast(2, 5),
    ReadThePast(8, 20),
)


def _without_pauses(steps: list[Step]) -> tuple[Step, ...]:
    """Return steps without those in which nothing happens at once, so that a long list may shrink to a short one."""
    return tuple(step for step in steps if step.when != WHENS[0] or step.action != Nothing())


def histories(*, steps: int = 12) -> strategies.SearchStrategy[History]:
    """Return a strategy that draws histories.

    Args:
        steps: How many steps one has at most.
    """
    books = strategies.builds(
        Book,
        plan=strategies.sampled_from(PLANS),
        workers=strategies.sampled_from((4, 1, 2)),
        timeout=strategies.sampled_from((600, 200, 60)),
        ttl=strategies.sampled_from((None, None, None, 0, 30)),
        queued=strategies.sampled_from((False, False, False, True)),
        own_claim=strategies.sampled_from((False, False, True)),
        later=strategies.sampled_from((0, 5)),
    )
    actions = strategies.one_of(
        strategies.just(Nothing()),
        strategies.sampled_from(OWNER),
        strategies.sampled_from(OWNER),
        strategies.sampled_from(TROUBLE),
        strategies.sampled_from(TROUBLE),
        strategies.sampled_from(OTHERS),
    )
    step = strategies.builds(
        Step, when=strategies.sampled_from(WHENS), action=actions, book=strategies.sampled_from((0, 0, 1))
    )
    return strategies.builds(
        History,
        books=strategies.lists(books, min_size=1, max_size=2).map(tuple),
        steps=strategies.lists(step, min_size=4, max_size=steps).map(_without_pauses),
        operators=strategies.sampled_from((1, 1, 1, 2)),
        lease=strategies.booleans(),
        mesh=strategies.sampled_from((False, False, True)),
        seed=strategies.integers(0, 3),
    )
