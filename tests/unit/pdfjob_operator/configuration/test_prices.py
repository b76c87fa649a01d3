import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunk_runner.contract.stats import Tokens
from pdfjob_operator.configuration.prices import NO_PRICES, Price, Prices


TABLE = {
    "asOf": "2026-10-07",
    "currency": "USD",
    "models": {
        "gemini-3.5-flash-lite": {"input": 0.30, "output": 2.50},
        "gemini-3.8-flash": {"input": 1, "output": 4, "cached": 0.1},
    },
}
PRICES = Prices.parse(json.dumps(TABLE))


def amount(model: str, **tokens: int) -> str | None:
    found = PRICES.estimate(model, Tokens(**{"total": 1, **tokens}))
    return None if found is None else found["amount"]


def test_a_price_is_for_a_million_tokens_and_exact() -> None:
    cached = Decimal("0.3")

    assert PRICES.models["gemini-3.5-flash-lite"] == Price(Decimal("0.3"), Decimal("2.5"), cached)


def test_an_estimate_says_what_it_rests_on() -> None:
    assert PRICES.estimate("gemini-3.5-flash-lite", Tokens(prompt=26_000, output=27_000, total=53_000)) == {
        "amount": "0.0753",
        "currency": "USD",
        "asOf": "2026-10-07",
        "model": "gemini-3.5-flash-lite",
    }


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ({"prompt": 1_000_000}, "1.0000"),
        ({"output": 1_000_000}, "4.0000"),
        ({"thoughts": 1_000_000}, "4.0000"),
        ({"prompt": 1_000_000, "cached": 400_000}, "0.6400"),
        ({"prompt": 10, "cached": 1_000_000}, "0.0000"),
        ({"prompt": 50}, "0.0001"),
        ({"prompt": 49}, "0.0000"),
    ],
    ids=["input", "output", "thoughts", "some cached", "more cached than sent", "half up", "less"],
)
def test_each_kind_of_token_has_its_price(tokens: dict[str, int], expected: str) -> None:
    assert amount("gemini-3.8-flash", **tokens) == expected


def test_cached_tokens_cost_as_much_as_others_where_nothing_else_is_said() -> None:
    assert amount("gemini-3.5-flash-lite", prompt=1_000_000, cached=1_000_000) == "0.3000"


def test_there_is_no_estimate_without_a_price_or_without_tokens() -> None:
    assert amount("gemini-9") is None
    assert amount("gemini-3.8-flash", total=0) is None
    assert NO_PRICES.estimate("gemini-3.8-flash", Tokens(total=9)) is None


def test_no_table_is_a_table_without_models() -> None:
    assert Prices.parse("") == Prices.parse("{}") == NO_PRICES


def with_price(**price: Any) -> dict[str, Any]:
    return {"models": {"gemini-x": price}}


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ([], "asOf, currency and models"),
        ({"model": {}}, "no keys but asOf, currency and models"),
        ({"asOf": 2026}, "must be strings"),
        ({"models": []}, "models must be an object"),
        (with_price(input=1), "gemini-x needs the prices input and output"),
        (with_price(input=1, output=2, thoughts=3), "gemini-x needs the prices"),
        (with_price(input="1", output=2), "the price input of gemini-x is “1”"),
        (with_price(input=1, output=-2), "expected a number from 0"),
        (with_price(input=1, output=True), "expected a number from 0"),
        (with_price(input=1, output=1e300), "to 1,000,000"),
        (with_price(input=1, output=float("nan")), "expected a number"),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(table: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Prices.parse(json.dumps(table))


COUNTS = st.integers(0, 2**53 - 1)


@given(st.builds(Tokens, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS))
def test_whatever_a_pod_reports_has_a_price_that_can_be_said(tokens: Tokens) -> None:
    dear = Prices.parse(json.dumps(with_price(input=10**6, output=10**6)))

    found = dear.estimate("gemini-x", tokens)

    assert found is None or Decimal(found["amount"]) >= 0
