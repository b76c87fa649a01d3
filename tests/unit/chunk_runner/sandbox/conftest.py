"""No test of the sandbox leaves a child."""

from collections.abc import Iterator

import pytest

from unit.chunk_runner.sandbox.children import children


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Whatever a test does, its children are gone when it ends."""
    before = children()
    yield
    assert children() <= before
