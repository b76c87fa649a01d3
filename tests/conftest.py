"""What tests need besides Python packages, which of them share a process, and how many examples Hypothesis tries."""

import os
import sys
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from chunk_runner.sandbox import template
from tools.prerequisites.catalogue import PREREQUISITES, given_kubeconfig
from tools.turn import part


WHOLE = ("tests/cluster", "tests/control_plane", "tests/corpus")
"""Folders whose tests share something that is made for the session; elsewhere no more than a module shares anything.

They begin in this order, before all others: what takes longest begins first."""

NEEDS = {
    "box": ("node",),
    "cluster": ("cluster",),
    "comparisons": ("poppler", "packages"),
    "control_plane": ("control-plane",),
    "findings": ("poppler", "corpus"),
    "helm": ("helm",),
    "helm_4": ("helm-4",),
    "prometheus": ("promtool",),
    "prometheus_crds": ("prometheus-crds",),
    "redis": ("redis-server",),
}
"""The prerequisites of fixtures, by their names; a test that uses none of these fixtures has the marker `needs`."""

CLUSTERS = 2
"""The number of processes that start with tests of the cluster: with two cores, these and the pods of two clusters keep
the machine busy beside one process of other tests."""

LEFT_OUT = pytest.StashKey[Counter[str]]()
"""The number of tests that were left out, by what is missing."""

EXHAUSTIVE_PARTS = 4
"""Each commit tries one of so many parts of the exhaustive cases."""

OF_OTHER_TURNS = pytest.StashKey[int]()
"""The number of exhaustive cases that were left out with `--by-turns`."""

WITH_CLUSTER = pytest.StashKey[bool]()
"""Whether tests with a cluster were selected."""

# By default, matplotlib caches fonts in the home folder; tests write nothing there.
os.environ.setdefault("MPLCONFIGDIR", str(Path(sys.prefix) / "matplotlib"))

settings.register_profile("quick", max_examples=20, deadline=None)
settings.register_profile("exhaustive", max_examples=100, deadline=None)
settings.load_profile("quick")


def pytest_addoption(parser: pytest.Parser) -> None:
    text = "test the quarter of exhaustive cases, and the third of the corpus, whose turn it is with this commit"
    parser.addoption("--by-turns", action="store_true", help=text)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
    """Mark what tests need, have `-m` select by it, and leave out what this machine lacks; in CI that is an error."""
    for item in items:
        if needs := [name for fixture in _fixtures(item) for name in NEEDS.get(fixture, ())]:
            item.add_marker(pytest.mark.needs(*needs))
    yield
    if config.getoption("by_turns"):
        _leave_out_other_turns(config, items)
    items.sort(key=_order)
    config.stash[WITH_CLUSTER] = any(item.nodeid.startswith("tests/cluster/") for item in items)
    if os.environ.get("CI"):
        return
    ready = {name: PREREQUISITES[name].is_ready() for name in {name for item in items for name in _needs(item)}}
    missing = {item: names for item in items if (names := [name for name in _needs(item) if not ready[name]])}
    config.stash[LEFT_OUT] = Counter(name for names in missing.values() for name in names)
    config.stash[LEFT_OUT][""] = len(missing)
    items[:] = [item for item in items if item not in missing]


def _leave_out_other_turns(config: pytest.Config, items: list[pytest.Item]) -> None:
    exhaustive = [item for item in items if item.get_closest_marker("exhaustive")]
    left_out = {*exhaustive} - {*part(exhaustive, EXHAUSTIVE_PARTS)}
    config.hook.pytest_deselected(items=[*left_out])
    config.stash[OF_OTHER_TURNS] = len(left_out)
    items[:] = [item for item in items if item not in left_out]


def _order(item: pytest.Item) -> tuple[int, bool]:
    """Return when a test has its turn: by its folder, and in there first what is marked as long."""
    folder = next((number for number, it in enumerate(WHOLE) if item.nodeid.startswith(f"{it}/")), len(WHOLE))
    return folder, item.get_closest_marker("long") is None


def _fixtures(item: pytest.Item) -> set[str]:
    """Return the names of a test's fixtures; its parameters are none."""
    parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return {*getattr(item, "fixturenames", ())} - {*parameters}


def _needs(item: pytest.Item) -> list[str]:
    return sorted({name for mark in item.iter_markers("needs") for name in mark.args})


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that controls this one what was left out."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["left_out"] = dict(session.config.stash.get(LEFT_OUT, {}))
        output["of_other_turns"] = session.config.stash.get(OF_OTHER_TURNS, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: WorkerController) -> None:
    output = getattr(node, "workeroutput", {})
    if left_out := output.get("left_out"):
        node.config.stash[LEFT_OUT] = Counter(left_out)
    if of_other_turns := output.get("of_other_turns"):
        node.config.stash[OF_OTHER_TURNS] = of_other_turns


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if number := terminalreporter.config.stash.get(OF_OTHER_TURNS, 0):
        terminalreporter.line(
            f"{number} exhaustive cases left out, which have their turn with the next {EXHAUSTIVE_PARTS - 1} commits"
        )
    missing = dict(terminalreporter.config.stash.get(LEFT_OUT, {}))
    if number := missing.pop("", 0):
        programs = ", ".join(f"{name} ({count})" for name, count in sorted(missing.items()))
        terminalreporter.line(f"{number} tests left out, which need {programs}: `make test-cluster` runs them")


@pytest.fixture
def new_template() -> Iterator[None]:
    """Fork the children of the sandbox from this process as it is in this test, with all that is patched in it."""
    template.stop()
    yield
    template.stop()


class Sharing(LoadScopeScheduling):  # type: ignore[misc] # xdist says nothing of its types
    """Hands out what shares something as one piece, in the order in which it was collected.

    Each process that gets a test of the cluster starts a cluster of its own, in which no other process is disturbed, so
    that these tests are handed out one by one; but a cluster that is given is used by one process. Cluster tests wait
    most of their time: other tests run beside them from the beginning.
    """

    def _assign_work_unit(self, node: WorkerController) -> None:
        if self.nodes.index(node) >= CLUSTERS:
            others = (scope for scope in self.workqueue if not scope.startswith("tests/cluster/"))
            if other := next(others, None):
                self.workqueue.move_to_end(other, last=False)
        super()._assign_work_unit(node)

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        if module.startswith("tests/cluster/") and not given_kubeconfig():
            return nodeid
        return next((folder for folder in WHOLE if module.startswith(f"{folder}/")), module)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Beside a process with a cluster, the others give way: pods have small shares of the processor."""
    if hasattr(item.config, "workerinput") and item.config.stash[WITH_CLUSTER]:
        with suppress(PermissionError):  # only root may take back what was given
            os.setpriority(os.PRIO_PROCESS, 0, 0 if item.nodeid.startswith("tests/cluster/") else 10)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Sharing:
    return Sharing(config, log)
