"""Every file of the corpus, processed once for all tests; and what came of it, said at the end of the test run."""

import os

import pytest

from corpus import table
from corpus.sources import MissingPrerequisiteError
from corpus.survey import Finding, survey


_SUMMARY = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def findings(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> list[Finding]:
    try:
        found = survey(tmp_path_factory.mktemp("corpus"))
    except MissingPrerequisiteError as error:
        # A developer's machine may have no network, and is told so. CI must have what it needs.
        if os.environ.get("CI"):
            pytest.fail(str(error), pytrace=False)
        pytest.skip(f"NO CORPUS TESTS: {error}")
    pytestconfig.stash[_SUMMARY] = table.summary(found)
    print("\n".join(table.rows(found)))  # noqa: T201 (shown where a test fails, and with -s)
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if lines := config.stash.get(_SUMMARY, None):
        terminalreporter.section("corpus")
        for line in lines:
            terminalreporter.line(line)
