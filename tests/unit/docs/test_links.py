"""What the documentation links to or names exists: pages, headings, files and tests."""

import fnmatch
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.markdown import rows, terms
from unit.docs.pages import PAGES, ROOT, name, section


BASES = (
    "",
    "operator/pdfjob_operator",
    "chunk-runner/chunk_runner",
    "charts/pdfjob-operator",
    "tests",
)
TESTS = {
    path.relative_to(ROOT / "tests").with_suffix("").as_posix(): re.findall(r"def test_(\w+)", path.read_text())
    for path in ROOT.glob("tests/**/test_*.py")
}
"""The names of the tests in each module, without test_."""


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", page.read_text())
    targets = [(page if not path else page.parent / path, anchor) for path, anchor in links]

    assert [path for path, _ in targets if not path.exists()] == []
    assert [(path, anchor) for path, anchor in targets if anchor and anchor not in anchors(path)] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_file_that_is_named_exists(page: Path) -> None:
    paths = re.findall(r"`((?:[\w.-]+/)+[\w-]+\.(?:py|md|yaml|json|toml|svg))`", page.read_text())

    assert [it for it in paths if not any((ROOT / base / it).exists() for base in BASES)] == []


def named_tests(cell: str) -> Iterator[tuple[str, str]]:
    """Yield each module and test that a cell names: `module: test`, `module`, or `test` of the module named before."""
    module = ""
    for term in terms(cell.partition(" (")[0]):
        first, _, second = term.partition(": ")
        is_module = first.rpartition("/")[2].startswith("test_")
        module = first if is_module else module
        yield module, second if is_module else first


@pytest.mark.parametrize(
    "row",
    [*rows(section("docs/reliability.md", "Faults")), *rows(section("docs/security.md", "Tests"))],
    ids=lambda row: row[0],
)
def test_every_fault_names_tests_that_exist(row: list[str]) -> None:
    named = list(named_tests(row[-1]))
    missing = [
        (module, test)
        for module, test in named
        if not fnmatch.filter(
            TESTS.get(module) or TESTS.get(f"chart/{module}", []),
            test.replace("…", "*") or "*",
        )
    ]

    assert named
    assert missing == []
