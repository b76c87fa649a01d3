"""Fixtures: Helm, and the chart as it renders with each of the values files in `ci/`."""

import functools
from pathlib import Path

import pytest

from chart.helm import CI, Helm, Manifest, values
from tools.builds import binaries


@pytest.fixture(scope="session")
def helm() -> Helm:
    found = binaries.find_helm()
    assert found, "there is no helm: `make test-cluster` builds it"
    return Helm(found)


@pytest.fixture(scope="session")
def helm_4() -> Helm:
    found = binaries.find_helm_4()
    assert found, "there is no Helm 4: `make test-cluster` builds it"
    return Helm(found)


@functools.cache
def _render(helm: Helm, file: Path) -> list[Manifest]:
    return helm.render(*values(file))


@pytest.fixture(params=CI, ids=lambda file: file.name.removesuffix("-values.yaml"))
def example(request: pytest.FixtureRequest) -> Path:
    """Return each values file in turn."""
    file: Path = request.param
    return file


@pytest.fixture
def rendered(helm: Helm, example: Path) -> list[Manifest]:
    """Return the objects of the chart with each values file in turn. The objects are shared: do not change them."""
    return _render(helm, example)


@pytest.fixture
def everything(helm: Helm) -> list[Manifest]:
    """Return the objects of the chart with everything enabled. The objects are shared: do not change them."""
    (all_on,) = [file for file in CI if file.name.startswith("all-on")]
    return _render(helm, all_on)
