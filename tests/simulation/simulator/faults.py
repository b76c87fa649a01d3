"""What can go wrong between the operator and the API server: small faults that a test puts together.

A fault looks at each call, says at which of its moments to spoil it, and how. Everything follows from a plan or a seed,
so that a failing run can be had again. Knows no object's content.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

from simulation.simulator.kinds import Ref
from simulation.simulator.store import Change


@dataclass(frozen=True)
class Call:
    """A request.

    Attributes:
        client: Who asks: `operator-1`, and `operator-2` after a restart.
        agent: Its user agent.
        verb: `get`, `list`, `watch`, `create`, `replace`, `patch`, `delete`, or `discover`.
        ref: The object; without a name for a list or a watch.
        subresource: `status` or nothing.
        params: Of the query.
        body: Of the request.
    """

    client: str
    agent: str
    verb: str
    ref: Ref
    subresource: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return self.verb in ("create", "replace", "patch", "delete")

    @property
    def point(self) -> str:
        """A name for people: `create jobs prepare`, `replace pdfjobs/status germinal Processing`."""
        labels = self.body.get("metadata", {}).get("labels") or {}
        about = labels.get("pdfjob.dev/stage") or self.ref.name or self.body.get("reason", "")
        phase = self.body.get("status", {}).get("phase", "")
        subresource = f"/{self.subresource}" if self.subresource else ""
        return f"{self.verb} {self.ref.kind.plural}{subresource} {about} {phase}".strip()


@dataclass(frozen=True)
class Error:
    """An answer that is an error.

    Attributes:
        code: Of HTTP.
        reason: In one word.
        retry_after: Seconds, for the header of that name.
    """

    code: int
    reason: str = "Simulated"
    retry_after: int | None = None


class Break(Enum):
    """No answer at all."""

    RESET = "the connection is reset"
    HANG = "nothing comes, ever"


class Effect(Enum):
    """What happens to an event of a watch."""

    DROP = "it is not sent"
    TWICE = "it is sent twice"
    CLOSE = "the stream ends before it"
    SILENCE = "the stream stays open, and nothing comes on it any more"


@dataclass(frozen=True)
class Delay:
    """The event, and all that follow it on its stream, come so many seconds later."""

    seconds: float


Answer = Error | Break
StreamEffect = Effect | Delay | Error
Match = Callable[[Call], bool]


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


def calls(*verbs: str, plural: str = "", subresource: str | None = None) -> Match:
    """Calls with one of these verbs, on this resource; what is not given may be anything."""

    def match(call: Call) -> bool:
        return (
            (not verbs or call.verb in verbs)
            and plural in ("", call.ref.kind.plural)
            and subresource in (None, call.subresource)
        )

    return match


def writes(call: Call) -> bool:
    """Calls that change something."""
    return call.writes


def both(*matches: Match) -> Match:
    """Calls that match all of these; one after the other, so that what counts comes last."""
    return lambda call: all(match(call) for match in matches)


def during(begin: float, end: float) -> Match:
    """Calls between so many and so many seconds of virtual time from now."""
    made = asyncio.get_running_loop().time()
    return lambda _call: begin <= asyncio.get_running_loop().time() - made < end


def fraction(share: float, seed: object) -> Match:
    """This share of the calls, drawn anew for each."""
    dice = random.Random(str(seed))  # noqa: S311 (must be repeatable)
    return lambda _call: dice.random() < share


def nth(*numbers: int, of: Match) -> Match:
    """The n-th of the matching calls, counted from 0."""
    count = -1

    def match(call: Call) -> bool:
        nonlocal count
        if not of(call):
            return False
        count += 1
        return count in numbers

    return match


def every_second(of: Match) -> Match:
    """The first, the third, the fifth, … of the matching calls."""
    count = 0

    def match(call: Call) -> bool:
        nonlocal count
        count += of(call)
        return of(call) and count % 2 == 1

    return match
