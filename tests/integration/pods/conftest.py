"""The chunk runner as a pod runs it: real processes on a real workspace."""

import shutil
from pathlib import Path

import pytest

from integration.pods.job import SPEC, pods_with_book
from processes.pods import Pods


@pytest.fixture
def pods(tmp_path: Path) -> Pods:
    """A volume with a book of nine pages, and an empty workspace."""
    return pods_with_book(tmp_path, 9)


@pytest.fixture(scope="module")
def folder_of_prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The volume and the workspace of a prepared job of three chunks, to be copied."""
    folder = tmp_path_factory.mktemp("prepared")
    code, report = pods_with_book(folder, 9).prepare(SPEC)
    assert (code, report.pages, report.chunks) == (0, 9, 3)
    return folder


@pytest.fixture
def prepared(pods: Pods, folder_of_prepared: Path) -> Pods:
    """A prepared job of three chunks."""
    shutil.copytree(folder_of_prepared, pods.volume.parent, dirs_exist_ok=True)
    return pods
