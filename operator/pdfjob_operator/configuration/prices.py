"""The price table: estimates the cost of tokens, by prices that the administrator of the cluster maintains. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from chunk_runner.contract.stats import Tokens


_TOKENS_PER_PRICE = 1_000_000

_MAX_PRICE = 1_000_000
"""Limit of a price, so that no cost exceeds the precision of `Decimal`."""

_KINDS = frozenset({"input", "output", "cached"})


class PriceTableError(ValueError):
    """The price table is not valid; the message is a clause that says why."""


@dataclass(frozen=True)
class Price:
    """The prices of a million tokens of one model.

    Attributes:
        input: Price of prompt tokens.
        output: Price of output tokens, reasoning included.
        cached: Price of prompt tokens that the provider had cached.
    """

    input: Decimal
    output: Decimal
    cached: Decimal

    def of(self, tokens: Tokens) -> Decimal:
        """Return the cost of these tokens. Cached tokens are a part of the prompt tokens."""
        cached = min(tokens.cached, tokens.prompt)
        return (
            self.input * (tokens.prompt - cached)
            + self.cached * cached
            + self.output * (tokens.output + tokens.thoughts)
        ) / _TOKENS_PER_PRICE


@dataclass(frozen=True)
class Prices:
    """The price table.

    Attributes:
        as_of: Date of the prices, as the administrator wrote it.
        currency: Currency of all prices.
        models: Prices by model.
    """

    as_of: str = ""
    currency: str = "USD"
    models: Mapping[str, Price] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Prices:
        """Parse the table from JSON; an empty text is a table without models.

        Raises:
            ValueError: The text is not JSON, or not a price table.
        """
        try:
            raw = json.loads(text or "{}", parse_float=Decimal)
        except (RecursionError, ArithmeticError) as error:
            raise PriceTableError("too many nested brackets, or a number with too many digits") from error
        if not isinstance(raw, dict) or not set(raw) <= {"asOf", "currency", "models"}:
            raise PriceTableError("expected an object with no keys but asOf, currency and models")
        as_of, currency, models = raw.get("asOf", cls.as_of), raw.get("currency", cls.currency), raw.get("models", {})
        if not isinstance(as_of, str) or not isinstance(currency, str):
            raise PriceTableError("asOf and currency must be strings")
        if not isinstance(models, dict):
            raise PriceTableError("models must be an object")
        return cls(as_of, currency, {model: _price(model, price) for model, price in models.items()})

    def estimate(self, model: str, tokens: Tokens) -> dict[str, str] | None:
        """Return the estimated cost as `status.cost` shows it; `None` without tokens or without a price.

        Args:
            model: Name of the model.
            tokens: All tokens of a PdfJob.
        """
        price = self.models.get(model)
        if price is None or tokens.total <= 0:
            return None
        amount = price.of(tokens).quantize(Decimal("0.0001"), ROUND_HALF_UP)
        return {"amount": str(amount), "currency": self.currency, "asOf": self.as_of, "model": model}


NO_PRICES = Prices()


def _price(model: str, raw: Any) -> Price:
    if not isinstance(raw, dict) or not {"input", "output"} <= set(raw) <= _KINDS:
        raise PriceTableError(f"the model {model} needs the prices input and output, and may have cached")
    prices = {kind: _number(model, kind, value) for kind, value in raw.items()}
    return Price(prices["input"], prices["output"], prices.get("cached", prices["input"]))


def _number(model: str, kind: str, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value <= _MAX_PRICE:
        raise PriceTableError(
            f"the price {kind} of {model} is “{value!s:.40}”: expected a number from 0 to {_MAX_PRICE:,}"
        )
    return Decimal(value)
