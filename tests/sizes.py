"""Parameters of a test by size: `make test` runs one case of each kind, `make test-all` every case."""

from collections.abc import Iterable
from typing import Any

import pytest


def cases(every: Iterable[Any], *, quick: Iterable[Any]) -> list[Any]:
    """Return parameters for `pytest.mark.parametrize`: the quick cases, and the others marked as exhaustive."""
    values, first = list(every), list(quick)
    assert all(value in values for value in first)
    return [pytest.param(value, marks=() if value in first else pytest.mark.exhaustive) for value in values]
