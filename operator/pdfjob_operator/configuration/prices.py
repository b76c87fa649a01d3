"""What a model's tokens cost: an estimate, by a table that the cluster's administrator keeps. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from chunk_runner.contract.stats import Tokens


_TOKENS = 1_000_000
"""How many tokens a price is for."""

_HIGHEST = 1_000_000
"""Of a price: no sum of tokens makes a number too long for `Decimal` then."""

_KINDS = ("input", "output", "cached")


@dataclass(frozen=True)
class Price:
    """What a million tokens of a model cost.

    Attributes:
        input: Tokens of requests.
        output: Tokens of answers and of thoughts.
        cached: Tokens of requests that the provider had cached.
    """

    input: Decimal
    output: Decimal
    cached: Decimal

    def of(self, tokens: Tokens) -> Decimal:
        """What these tokens cost. Those that were cached are among those of requests."""
        cached = min(tokens.cached, tokens.prompt)
        return (
            self.input * (tokens.prompt - cached)
            + self.cached * cached
            + self.output * (tokens.output + tokens.thoughts)
        ) / _TOKENS


@dataclass(frozen=True)
class Prices:
    """The price table.

    Attributes:
        as_of: The date of the prices, as its author wrote it.
        currency: Of all of them.
        models: The models that have a price.
    """

    as_of: str = ""
    currency: str = "USD"
    models: Mapping[str, Price] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Prices:
        """Read the table from JSON; nothing at all is a table without models.

        Raises:
            ValueError: It is no such table; the message says why.
        """
        raw = json.loads(text or "{}", parse_float=Decimal)
        if not isinstance(raw, dict) or not set(raw) <= {"asOf", "currency", "models"}:
            raise ValueError("it is an object with asOf, currency and models, and nothing else")
        as_of, currency, models = raw.get("asOf", cls.as_of), raw.get("currency", cls.currency), raw.get("models", {})
        if not isinstance(as_of, str) or not isinstance(currency, str) or not isinstance(models, dict):
            raise ValueError("asOf and currency are text, and models is an object")  # noqa: TRY004 (one kind for callers)
        return cls(as_of, currency, {model: _price(model, price) for model, price in models.items()})

    def estimate(self, model: str, tokens: Tokens) -> dict[str, str] | None:
        """What these tokens cost, as a status shows it; `None` where there is nothing to say.

        Args:
            model: Whose tokens.
            tokens: All of a job's.
        """
        price = self.models.get(model)
        if price is None or tokens.total <= 0:
            return None
        amount = price.of(tokens).quantize(Decimal("0.0001"), ROUND_HALF_UP)
        return {"amount": str(amount), "currency": self.currency, "asOf": self.as_of, "model": model}


NO_PRICES = Prices()


def _price(model: str, raw: Any) -> Price:
    if not isinstance(raw, dict) or not set(raw) <= set(_KINDS) or not {"input", "output"} <= set(raw):
        raise ValueError(f"{model} has a price for input, one for output, and maybe one for cached")
    prices = {kind: _number(model, kind, value) for kind, value in raw.items()}
    return Price(prices["input"], prices["output"], prices.get("cached", prices["input"]))


def _number(model: str, kind: str, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value <= _HIGHEST:
        raise ValueError(f"{model}'s price for {kind} is “{value!s:.40}”, not a number from 0 to {_HIGHEST:,}")
    return Decimal(value)
