"""A client of a Prometheus that runs already, over HTTP."""

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, NamedTuple


class Series(NamedTuple):
    """What a query has found.

    Attributes:
        labels: The series' labels.
        points: Times, in seconds since 1970, and values.
    """

    labels: dict[str, str]
    points: list[tuple[float, float]]


class Prometheus:
    """A Prometheus.

    Args:
        url: Where, `http://127.0.0.1:9090`.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def names(self) -> set[str]:
        """The names of all series that have a value now; the list of labels has names before their first value."""
        return {it.labels["__name__"] for it in self.query('group by (__name__) ({__name__!=""})')}

    def query(self, expression: str) -> list[Series]:
        """What an expression gives now."""
        found = self._get("query", query=expression)
        assert found["resultType"] == "vector", expression
        return [_series(it["metric"], [it["value"]]) for it in found["result"]]

    def by(self, label: str, expression: str) -> dict[str, float]:
        """The values of an expression by one of its labels."""
        return {it.labels[label]: it.points[0][1] for it in self.query(expression)}

    def over_time(self, expression: str, start: float, end: float, step: float) -> list[Series]:
        """What an expression gave from start to end, in seconds since 1970."""
        found = self._get("query_range", query=expression, start=str(start), end=str(end), step=str(step))
        return [_series(it["metric"], it["values"]) for it in found["result"]]

    def rules(self) -> list[dict[str, Any]]:
        """Every rule, with its state."""
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]

    def targets(self) -> list[dict[str, Any]]:
        """What it scrapes."""
        found: list[dict[str, Any]] = self._get("targets")["activeTargets"]
        return found

    def _get(self, path: str, **parameters: str) -> Any:
        url = f"{self._url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 (an address of the caller's own)
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"{parameters}: {error.read().decode()}") from error


def _series(labels: dict[str, str], points: list[tuple[float, str]]) -> Series:
    return Series(labels, [(time, float(value)) for time, value in points])
