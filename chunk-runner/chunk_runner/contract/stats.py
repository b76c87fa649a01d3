"""Statistics of the attempts of one round, small enough for a report. Standard library only, as all of the contract.

Pods live for seconds, which is too short for Prometheus to scrape them. Attempts leave their figures in the workspace,
the report of merge has the sums, and the operator turns these into metrics.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


SECONDS = (0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
"""Upper bounds of the buckets for durations, in seconds."""

BYTES = tuple(float(mebibytes * 2**20) for mebibytes in (64, 96, 128, 192, 256, 384, 512, 1024, 2048, 4096))
"""Upper bounds of the buckets for peak memory, in bytes: a pod has 1 GiB by default, and 4 GiB at most."""

LABELS_LIMIT = 20
"""Maximum number of reasons, and of states, that a report has counts for."""

LABEL_LIMIT = 60
"""Maximum length of each, in characters."""


@dataclass(frozen=True)
class Tokens:
    """Tokens bought from a model by all attempts; all zero for the `text` processor."""

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
        """Validate and convert what comes from outside.

        Raises:
            ValueError, TypeError, KeyError: The data is malformed.
        """
        return cls(**{kind: count(raw[kind]) for kind in ("prompt", "output", "thoughts", "cached", "total")})


@dataclass(frozen=True)
class Histogram:
    """A histogram.

    Attributes:
        counts: The number of values in each bucket: at most its bound, and above the one before. The last has no bound.
        total: The sum of all values.
    """

    counts: tuple[int, ...] = ()
    total: float = 0.0

    @classmethod
    def of(cls, values: Iterable[float], bounds: tuple[float, ...]) -> Histogram:
        """Return the histogram of some values."""
        counts, total = [0] * (len(bounds) + 1), 0.0
        for value in values:
            counts[bisect_left(bounds, value)] += 1
            total += value
        return cls(tuple(counts), round(total, 3))

    @classmethod
    def load(cls, raw: Mapping[str, Any], bounds: tuple[float, ...]) -> Histogram:
        """Validate and convert what comes from outside.

        Raises:
            ValueError, TypeError, KeyError: The data is malformed.
        """
        counts, total = tuple(count(number) for number in raw["counts"]), raw["total"]
        if len(counts) != len(bounds) + 1 or isinstance(total, str) or not isfinite(total) or total < 0:
            raise ValueError("not a histogram of these bounds")
        return cls(counts, float(total))


@dataclass(frozen=True)
class Stats:
    """Statistics of the attempts of one round; earlier rounds have reports of their own.

    Attributes:
        seconds: Duration of attempts, in buckets of `SECONDS`.
        waits: Time from when the chunks could start until the first attempt at each, in buckets of `SECONDS`.
        memory: Peak memory of attempts, in buckets of `BYTES`.
        chunks: The number of chunks by how they ended: `ok`, or the reason.
        retries: The number of failed attempts that were followed by another, by reason.
        pages: The number of pages of these chunks, by state.
        tokens: Tokens bought in this round.
        rejected_answers: The number of answers in Redis that no pod with the API key wrote.
        round: The round; a report may be that of an earlier round, if a later one found nothing to do.
    """

    seconds: Histogram
    waits: Histogram
    memory: Histogram
    chunks: Mapping[str, int] = field(default_factory=dict)
    retries: Mapping[str, int] = field(default_factory=dict)
    pages: Mapping[str, int] = field(default_factory=dict)
    tokens: Tokens = Tokens()
    rejected_answers: int = 0
    round: int = 0

    def dump(self) -> dict[str, Any]:
        """Return the statistics as plain data of bounded size."""
        raw = asdict(self)
        for name in _COUNTS:
            most = sorted(raw[name].items(), key=lambda item: -item[1])[:LABELS_LIMIT]
            raw[name] = {label[:LABEL_LIMIT]: number for label, number in most}
        return raw

    @classmethod
    def load(cls, raw: Mapping[str, Any]) -> Stats:
        """Validate and convert what comes from outside.

        Raises:
            ValueError, TypeError, KeyError, AttributeError: The data is malformed.
        """
        return cls(
            seconds=Histogram.load(raw["seconds"], SECONDS),
            waits=Histogram.load(raw["waits"], SECONDS),
            memory=Histogram.load(raw["memory"], BYTES),
            tokens=Tokens.load(raw["tokens"]),
            rejected_answers=count(raw.get("rejected_answers", 0)),
            round=count(raw["round"]),
            **{name: _counts(raw[name]) for name in _COUNTS},
        )


_COUNTS = ("chunks", "retries", "pages")


def count(value: object, most: int = 2**53 - 1) -> int:
    """Return a value from outside if it is a count, a whole number from 0 to `most`.

    Raises:
        ValueError: It is something else.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise ValueError("not a count")
    return value


def _counts(raw: Mapping[str, Any]) -> dict[str, int]:
    return {str(label)[:LABEL_LIMIT]: count(number) for label, number in list(raw.items())[:LABELS_LIMIT]}
