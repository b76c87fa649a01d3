"""Which calls a fault concerns: by verb and kind, by time, by number, or drawn from a seed."""

import asyncio
import random

from simulation.simulator.faults.call import Call, Match


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
