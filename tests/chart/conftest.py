"""Helm, and what it makes of the chart with each of the values files in its `ci/`."""

import functools
from pathlib import Path

import pytest

from chart.helm import CI, Helm, Manifest, values
from prerequisites import go_without
from tools.testcluster import binaries
from tools.testcluster.shell import ClusterError


@pytest.fixture(scope="session")
def helm() -> Helm:
    try:
        return Helm(binaries.helm())
    except ClusterError as error:
        go_without("CHART TESTS", error)


@functools.cache
def _render(helm: Helm, file: Path) -> list[Manifest]:
    return helm.render(*values(file))


@pytest.fixture(params=CI, ids=lambda file: file.name.removesuffix("-values.yaml"))
def example(request: pytest.FixtureRequest) -> Path:
    """Each values file in turn."""
    file: Path = request.param
    return file


@pytest.fixture
def rendered(helm: Helm, example: Path) -> list[Manifest]:
    """The objects of the chart with each values file in turn; not to be changed."""
    return _render(helm, example)


@pytest.fixture
def everything(helm: Helm) -> list[Manifest]:
    """The objects of the chart with everything on; not to be changed."""
    (file,) = [it for it in CI if it.name.startswith("all-on")]
    return _render(helm, file)
