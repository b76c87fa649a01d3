"""What can go wrong between the operator and the API server: small faults that a test puts together.

A fault looks at each call, says at which of its moments to spoil it, and how. Everything follows from a plan or a seed,
so that a failing run can be had again. Knows no object's content.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from simulation.simulator.faults.call import Answer, Break, Call, Effect, Match, StreamEffect
from simulation.simulator.journal import Change


class Fault:
    """Spoils nothing: what a fault does not override goes well."""

    def before(self, call: Call) -> Answer | None:
        """The answer to a call that is not carried out."""

    def after(self, call: Call) -> Answer | None:
        """The answer to a call that was carried out."""

    def stream(self, call: Call, change: Change | None) -> StreamEffect | None:
        """What happens to a watch at a change, or with `None` at its start and before each bookmark."""

    def revision(self, _call: Call, newest: int) -> int:
        """Which revision a read is answered from."""
        return newest


@dataclass
class Answers(Fault):
    """Matching calls are not carried out, and get this answer."""

    match: Match
    answer: Answer

    def before(self, call: Call) -> Answer | None:
        return self.answer if self.match(call) else None


@dataclass
class LostAnswers(Fault):
    """Matching calls are carried out, and nobody hears of it."""

    match: Match
    answer: Answer = Break.RESET

    def after(self, call: Call) -> Answer | None:
        return self.answer if self.match(call) else None


@dataclass
class Crash(Fault):
    """The operator is killed before or after a matching call is carried out."""

    match: Match
    moment: Literal["before", "after"]
    kill: Callable[[], None]

    def before(self, call: Call) -> Answer | None:
        return self._now("before", call)

    def after(self, call: Call) -> Answer | None:
        return self._now("after", call)

    def _now(self, moment: str, call: Call) -> Answer | None:
        if moment != self.moment or not self.match(call):
            return None
        self.kill()
        return Break.RESET


@dataclass
class StaleReads(Fault):
    """Matching reads are answered from so many revisions ago."""

    match: Match
    behind: int

    def revision(self, call: Call, newest: int) -> int:
        return newest - self.behind if self.match(call) else newest


@dataclass
class SpoiltWatch(Fault):
    """On matching watches, this happens at each of these events.

    Attributes:
        match: Which watches.
        effect: What happens.
        events: Which events, counted from 0 over all matching watches; `None` for all of them, and for the silence
            between them too.
    """

    match: Match
    effect: StreamEffect
    events: frozenset[int] | None = None
    _seen: int = -1

    def stream(self, call: Call, change: Change | None) -> StreamEffect | None:
        if not self.match(call):
            return None
        if self.events is None:
            between = change is None and self.effect in (Effect.DROP, Effect.TWICE)
            return None if between else self.effect
        if change is None:
            return None
        self._seen += 1
        return self.effect if self._seen in self.events else None


class Faults:
    """The faults at work; where several have something to say, the first one does."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, *faults: Fault) -> None:
        """Let these be at work from now on."""
        self._faults += faults

    def clear(self) -> None:
        """Let everything go well from now on."""
        self._faults.clear()

    def before(self, call: Call) -> Answer | None:
        """See `Fault`."""
        return next((answer for it in self._faults if (answer := it.before(call)) is not None), None)

    def after(self, call: Call) -> Answer | None:
        """See `Fault`."""
        return next((answer for it in self._faults if (answer := it.after(call)) is not None), None)

    def stream(self, call: Call, change: Change | None) -> StreamEffect | None:
        """See `Fault`."""
        return next((effect for it in self._faults if (effect := it.stream(call, change)) is not None), None)

    def revision(self, call: Call, newest: int) -> int:
        """See `Fault`."""
        return min((it.revision(call, newest) for it in self._faults), default=newest)
