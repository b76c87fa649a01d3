"""Fixtures for tests of the alerts and the dashboard with Prometheus's own tools, without a cluster."""

from pathlib import Path

import pytest

from monitoring.programs import program
from prerequisites import go_without
from tools.testcluster.packages import UnsuitableMachineError


@pytest.fixture(scope="session")
def promtool_program() -> Path:
    """Return the path of promtool, for tests that need it."""
    try:
        return program("promtool")
    except UnsuitableMachineError as error:
        go_without("TESTS OF ALERTS", error)
