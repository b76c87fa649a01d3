"""Files of the corpus, processed once for all tests; and what came of it, said at the end of the test run.

With `--by-turns`, only a third of the files is processed, which takes a minute or two.
"""

import pytest

from tools.corpus import packages, table
from tools.corpus.packages import Comparison
from tools.corpus.survey import Finding, survey


SUMMARY = "corpus"
"""The property of a test that is said at the end of the test run, whichever process it ran in."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not {"findings", "comparisons"}.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.corpus)


@pytest.fixture(scope="session")
def findings(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> list[Finding]:
    found = survey(tmp_path_factory.mktemp("corpus"), by_thirds=pytestconfig.getoption("by_turns"))
    print("\n".join(table.rows(found)))  # noqa: T201 (shown where a test fails, and with -s)
    return found


@pytest.fixture(scope="session")
def comparisons(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> list[Comparison]:
    return packages.compare(tmp_path_factory.mktemp("packages"), by_thirds=pytestconfig.getoption("by_turns"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [it for it in terminalreporter.getreports("") if isinstance(it, pytest.TestReport)]
    for line in (value for it in reports for name, value in it.user_properties if name == SUMMARY):
        terminalreporter.section("corpus")
        terminalreporter.line(str(line))
