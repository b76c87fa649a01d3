"""Query a running Prometheus over HTTP."""

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, NamedTuple


class Series(NamedTuple):
    """One time series of a query's result.

    Attributes:
        labels: Labels of the series.
        points: Pairs of a time in seconds since 1970 and a value.
    """

    labels: dict[str, str]
    points: list[tuple[float, float]]


class Prometheus:
    """A client of a Prometheus.

    Args:
        url: URL of the Prometheus, for example `http://127.0.0.1:9090`.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def names(self) -> set[str]:
        """Return the names of all series with a current value; the list of labels also has names without one."""
        return {series.labels["__name__"] for series in self.query('group by (__name__) ({__name__!=""})')}

    def query(self, expression: str) -> list[Series]:
        """Return the current result of an expression."""
        found = self._get("query", query=expression)
        assert found["resultType"] == "vector", expression
        return [_series(result["metric"], [result["value"]]) for result in found["result"]]

    def by(self, label: str, expression: str) -> dict[str, float]:
        """Return the current values of an expression by one of its labels."""
        return {series.labels[label]: series.points[0][1] for series in self.query(expression)}

    def over_time(self, expression: str, start: float, end: float, step: float) -> list[Series]:
        """Return the result of an expression over time, from start to end in seconds since 1970."""
        found = self._get("query_range", query=expression, start=str(start), end=str(end), step=str(step))
        return [_series(result["metric"], result["values"]) for result in found["result"]]

    def rules(self) -> list[dict[str, Any]]:
        """Return every rule with its state."""
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]

    def targets(self) -> list[dict[str, Any]]:
        """Return every scrape target."""
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
