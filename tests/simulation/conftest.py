"""Every test here runs in virtual time, in a loop of its own."""

import asyncio
import gc
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from pdfjob_operator.metrics import registry
from simulation.simulator.clock import VirtualLoop


# A real process that dies takes its connections along. Here they are left to the garbage collector, as are the ones of
# a Kopf that gave up inside a living process.
_LEFT_BEHIND = r"ignore:Exception ignored in. <(socket\.socket|function _SelectorTransport)"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings(f"{_LEFT_BEHIND}:pytest.PytestUnraisableExceptionWarning"))


@pytest.fixture(autouse=True)
def buried(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What an operator left behind is collected within its own test, held neither by gauges nor by logged errors."""
    yield
    for gauge in (registry.QUEUE_DEPTH, registry.QUEUE_LONGEST_WAIT, registry.WATCH_LAG):
        gauge.set_function(float)
    registry.LONGEST_STALL.set_function(dict)
    caplog.get_records("call").clear()  # the report of a failure has the text of its own
    gc.collect()


@pytest.hookimpl
def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"virtual": VirtualLoop}
