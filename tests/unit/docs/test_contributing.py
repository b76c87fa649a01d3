"""CONTRIBUTING has a row for every folder of the code and no other, and sources keep to the sizes that it allows."""

import re
import tomllib

import pytest

from tools.markdown import rows, terms
from unit.docs.pages import ROOT, section


PAGE = "CONTRIBUTING.md"
PARTS = {terms(part)[0]: part for part in section(PAGE, "Folders").split("\n### ")[1:]}
SOURCES = sorted(set(PARTS) - {"tests"})


def folders(root: str) -> set[str]:
    """Return each folder below a root that holds a file, relative to the root; below tests/unit, none."""
    top = ROOT / root
    found = {path.parent.relative_to(top) for path in top.rglob("*") if path.is_file()}
    kept = {path for path in found if not any(part.startswith(("__", ".")) for part in path.parts)}
    return {"unit" if root == "tests" and path.parts[:1] == ("unit",) else str(path) for path in kept}


def test_every_tree_of_code_has_a_table() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]

    assert set(PARTS) == {*packages, "tools", "tests"}


@pytest.mark.parametrize("root", PARTS)
def test_every_folder_has_a_row_and_every_row_a_folder(root: str) -> None:
    assert sorted(term for row in rows(PARTS[root]) for term in terms(row[0])) == sorted(folders(root))


def test_every_path_that_is_named_exists() -> None:
    paths = re.findall(r"`((?:[\w.-]+/)+[\w.-]*)`", (ROOT / PAGE).read_text())

    assert len(paths) > 10
    assert [path for path in paths if not any((ROOT / base / path).exists() for base in ("", *PARTS))] == []


def allowed(rule: str) -> int:
    """Return the number in a rule of the page; a line may break at any space of it."""
    found = re.search(rule.replace(" ", r"\s+"), section(PAGE, "Code"))
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize("root", SOURCES)
def test_no_source_module_is_longer_than_allowed(root: str) -> None:
    most = allowed(r"A source module has at most (\d+) lines")
    lengths = {path: len(path.read_text().splitlines()) for path in (ROOT / root).rglob("*.py")}

    assert lengths
    assert {str(path): lines for path, lines in lengths.items() if lines > most} == {}


@pytest.mark.parametrize("root", SOURCES)
def test_no_source_folder_is_fuller_than_allowed(root: str) -> None:
    most = allowed(r"A source folder has at most (\d+) entries besides `__init__\.py`")
    entries = {
        folder: sum(not path.name.startswith(("__init__", "__pycache__")) for path in (ROOT / root / folder).iterdir())
        for folder in folders(root)
    }

    assert entries
    assert {folder: number for folder, number in entries.items() if number > most} == {}
