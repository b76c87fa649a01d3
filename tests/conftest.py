"""Which tests share a process, when two of them run side by side: a cluster, a corpus or a server is made once."""

import os
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling


WHOLE = ("tests/cluster", "tests/control_plane", "tests/corpus")
"""Folders whose tests share something that is made for the session; elsewhere no more than a module shares anything."""


# By default, matplotlib caches fonts in the home folder; tests write nothing there.
os.environ.setdefault("MPLCONFIGDIR", str(Path(sys.prefix) / "matplotlib"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda it: not it.nodeid.startswith("tests/cluster/"))  # what takes longest begins first


class Sharing(LoadScopeScheduling):  # type: ignore[misc] # xdist says nothing of its types
    """Hands out what shares something as one piece, in the order in which it was collected."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return next((folder for folder in WHOLE if module.startswith(f"{folder}/")), module)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Where processes run side by side, those without a cluster give way: pods have small shares of the processor."""
    if hasattr(item.config, "workerinput"):
        with suppress(PermissionError):  # only root may take back what was given
            os.setpriority(os.PRIO_PROCESS, 0, 0 if item.nodeid.startswith("tests/cluster/") else 10)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Sharing:
    return Sharing(config, log)
