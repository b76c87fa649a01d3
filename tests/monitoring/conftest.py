"""Alerts and dashboard without a cluster: what they say is checked by Prometheus's own tools."""

import os
from pathlib import Path

import pytest

from monitoring.programs import program
from testcluster.packages import UnsuitableMachineError


@pytest.fixture(scope="session")
def promtool_program() -> Path:
    """Where promtool is, for a test that cannot do without."""
    try:
        return program("promtool")
    except UnsuitableMachineError as error:
        # A developer's machine may have none, and is told so. CI must have it.
        if os.environ.get("CI"):
            raise
        pytest.skip(f"NO TESTS OF ALERTS: {error}")
