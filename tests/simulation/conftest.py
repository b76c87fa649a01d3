"""Every test here runs in virtual time, in a loop of its own."""

import asyncio
from collections.abc import Callable, Mapping

import pytest

from simulation.clock import VirtualLoop


@pytest.hookimpl
def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"virtual": VirtualLoop}
