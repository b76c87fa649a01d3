"""Files of the corpus, processed once for all tests; and what came of it, said at the end of the test run.

Each third file, which takes a minute or two; with `PDFJOB_CORPUS=all`, every one.
"""

import os

import pytest

from tools.corpus import table
from tools.corpus.survey import Finding, survey


EVERY = 1 if os.environ.get("PDFJOB_CORPUS") == "all" else 3
"""Which part of the files is processed."""

SUMMARY = "corpus"
"""The property of a test that is said at the end of the test run, whichever process it ran in."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "findings" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.corpus)


@pytest.fixture(scope="session")
def findings(tmp_path_factory: pytest.TempPathFactory) -> list[Finding]:
    found = survey(tmp_path_factory.mktemp("corpus"), EVERY)
    print("\n".join(table.rows(found)))  # noqa: T201 (shown where a test fails, and with -s)
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [it for it in terminalreporter.getreports("") if isinstance(it, pytest.TestReport)]
    for line in (value for it in reports for name, value in it.user_properties if name == SUMMARY):
        terminalreporter.section("corpus")
        terminalreporter.line(str(line))
