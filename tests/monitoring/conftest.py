"""Alerts and dashboard without a cluster: what they say is checked by Prometheus's own tools."""

from pathlib import Path

import pytest

from monitoring.programs import program
from prerequisites import go_without
from tools.testcluster.packages import UnsuitableMachineError


@pytest.fixture(scope="session")
def promtool_program() -> Path:
    """Where promtool is, for a test that cannot do without."""
    try:
        return program("promtool")
    except UnsuitableMachineError as error:
        go_without("TESTS OF ALERTS", error)
