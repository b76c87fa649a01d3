"""A real control plane without a kubelet and a scheduler: an API server, etcd, the controllers, and fake pods.

The operator runs as a process of this machine, so that it can be killed, stopped and started twice; jobs of a thousand
chunks cost seconds.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.control_plane.environment import control_plane_in, harness_in
from tools.control_plane.harness import Harness
from tools.control_plane.world import World, world
from tools.testcluster.layout import Cluster


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.cluster)


@pytest.fixture(scope="package")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("control-plane")
    with control_plane_in(folder) as cluster:
        yield cluster


@pytest.fixture(scope="package")
def rest_of_the_world(control_plane: Cluster) -> Iterator[World]:
    with world(control_plane) as here:
        yield here


@pytest.fixture
def harness(control_plane: Cluster, rest_of_the_world: World, tmp_path: Path) -> Iterator[Harness]:
    with harness_in(control_plane, rest_of_the_world, tmp_path) as it:
        yield it
