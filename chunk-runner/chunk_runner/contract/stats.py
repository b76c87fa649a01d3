"""Statistics: what the attempts of one round used, small enough for a report. Standard library only, as the contract.

Pods live for seconds, too short for anybody to ask them for metrics. Their figures are kept in the workspace, and
merge's report has the sums, from which the operator makes metrics.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


SECONDS = (0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
"""Bounds for how long a chunk was worked on, and for how long it waited."""

BYTES = tuple(float(mebibytes * 2**20) for mebibytes in (64, 96, 128, 192, 256, 384, 512, 1024, 2048, 4096))
"""Bounds for the peak memory of a chunk: a pod has 1 GiB by default, and 4 GiB at most."""

WORDS_LIMIT = 20
"""How many different reasons and states a report has counts for."""

WORD_LIMIT = 60
"""Characters of each."""


@dataclass(frozen=True)
class Tokens:
    """Tokens bought from a model, over every attempt; all zero for the `text` processor."""

    prompt: int = 0
    output: int = 0
    thoughts: int = 0
    cached: int = 0
    total: int = 0

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(
            self.prompt + other.prompt,
            self.output + other.output,
            self.thoughts + other.thoughts,
            self.cached + other.cached,
            self.total + other.total,
        )

    @classmethod
    def load(cls, raw: Mapping[str, Any]) -> Tokens:
        """From outside.

        Raises:
            ValueError, TypeError, KeyError: It is something else.
        """
        return cls(**{kind: count(raw[kind]) for kind in ("prompt", "output", "thoughts", "cached", "total")})


@dataclass(frozen=True)
class Histogram:
    """How values are spread, as a histogram has it.

    Attributes:
        counts: How many are in each bucket: at most its bound, and above the one before. The last has no bound.
        total: Their sum.
    """

    counts: tuple[int, ...] = ()
    total: float = 0.0

    @classmethod
    def of(cls, values: Iterable[float], bounds: tuple[float, ...]) -> Histogram:
        """Of these values."""
        counts, total = [0] * (len(bounds) + 1), 0.0
        for value in values:
            counts[bisect_left(bounds, value)] += 1
            total += value
        return cls(tuple(counts), round(total, 3))

    @classmethod
    def load(cls, raw: Mapping[str, Any], bounds: tuple[float, ...]) -> Histogram:
        """From outside.

        Raises:
            ValueError, TypeError, KeyError: It is something else.
        """
        counts, total = tuple(count(it) for it in raw["counts"]), float(raw["total"])
        if len(counts) != len(bounds) + 1 or not isfinite(total) or total < 0:
            raise ValueError("not a histogram of these bounds")
        return cls(counts, total)


@dataclass(frozen=True)
class Stats:
    """What the attempts of one round used; earlier rounds had reports of their own.

    Attributes:
        seconds: How long attempts worked; bounds are `SECONDS`.
        waits: From when the chunks could begin until each had its first attempt; bounds are `SECONDS`.
        memory: Peak memory of attempts in bytes; bounds are `BYTES`.
        chunks: How the chunks ended: `ok`, or the reason.
        retries: Why attempts failed that were followed by another.
        pages: Pages of these chunks by state.
        tokens: What was bought in this round.
        round: Which one: a report may be of an earlier round, if a later one found nothing to do.
    """

    seconds: Histogram
    waits: Histogram
    memory: Histogram
    chunks: Mapping[str, int] = field(default_factory=dict)
    retries: Mapping[str, int] = field(default_factory=dict)
    pages: Mapping[str, int] = field(default_factory=dict)
    tokens: Tokens = Tokens()
    round: int = 0

    def dump(self) -> dict[str, Any]:
        """As plain data, of bounded size."""
        raw = asdict(self)
        for name in _COUNTS:
            most = sorted(raw[name].items(), key=lambda it: -it[1])[:WORDS_LIMIT]
            raw[name] = {word[:WORD_LIMIT]: number for word, number in most}
        return raw

    @classmethod
    def load(cls, raw: Mapping[str, Any]) -> Stats:
        """From outside.

        Raises:
            ValueError, TypeError, KeyError, AttributeError: It is something else.
        """
        return cls(
            seconds=Histogram.load(raw["seconds"], SECONDS),
            waits=Histogram.load(raw["waits"], SECONDS),
            memory=Histogram.load(raw["memory"], BYTES),
            tokens=Tokens.load(raw["tokens"]),
            round=count(raw["round"]),
            **{name: _counts(raw[name]) for name in _COUNTS},
        )


_COUNTS = ("chunks", "retries", "pages")


def count(value: object) -> int:
    """A number of things, from outside.

    Raises:
        ValueError: It is something else.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise ValueError("not a count")
    return value


def _counts(raw: Mapping[str, Any]) -> dict[str, int]:
    return {str(word)[:WORD_LIMIT]: count(number) for word, number in list(raw.items())[:WORDS_LIMIT]}
