"""CONTRIBUTING has a row for every folder of the code and no other, and code keeps to the sizes that it allows."""

import re
import tomllib
from pathlib import Path

import pytest

from tools.markdown import rows, terms
from unit.docs.pages import ROOT, section


PAGE = "CONTRIBUTING.md"
PARTS = {terms(part)[0]: part for part in section(PAGE, "Folders").split("\n### ")[1:]}


def files(root: str) -> list[Path]:
    """Return every file below a root, relative to it, but for hidden files and caches."""
    found = [path.relative_to(ROOT / root) for path in (ROOT / root).rglob("*") if path.is_file()]
    return [path for path in found if not any(part.startswith((".", "__pycache__")) for part in path.parts)]


def folders(root: str) -> set[str]:
    """Return each folder below a root that holds a file, relative to the root; below tests/unit, none."""
    found = {path.parent for path in files(root)}
    return {"unit" if root == "tests" and path.parts[:1] == ("unit",) else str(path) for path in found}


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


@pytest.mark.parametrize("root", PARTS)
def test_no_module_is_longer_than_allowed(root: str) -> None:
    most = allowed(r"A module has at most (\d+) lines")
    most_of_tests = allowed(r"one of tests at most (\d+)")
    lengths = {path: len((ROOT / root / path).read_text().splitlines()) for path in files(root) if path.suffix == ".py"}

    assert lengths
    assert {
        str(path): lines
        for path, lines in lengths.items()
        if lines > (most_of_tests if path.name.startswith("test_") else most)
    } == {}


@pytest.mark.parametrize("root", PARTS)
def test_no_folder_is_fuller_than_allowed(root: str) -> None:
    most = allowed(r"A folder has at most (\d+) entries besides `__init__\.py`")
    entries: dict[Path, set[str]] = {}
    for path in files(root):
        for folder in path.parents:
            entries.setdefault(folder, set()).add(path.relative_to(folder).parts[0])

    assert entries
    assert {str(it): names for it, names in entries.items() if len(names - {"__init__.py"}) > most} == {}
