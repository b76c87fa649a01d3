"""`pip install .` and both images bring every package that their code imports; neither image brings the other's.

Nothing outside `tests` imports from `tests`.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest


ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS = PROJECT["dependency-groups"]

OURS = {"chunk_runner", "pdfjob_cli", "pdfjob_operator"}

PDF_LIBRARIES = {"pikepdf", "pypdf", "pypdfium2"}
KUBERNETES_CLIENTS = {"kopf", "kubernetes", "lightkube"}


def imported(folders: Iterable[str]) -> set[str]:
    """The top-level modules outside the standard library and this project that the code in some folders imports."""
    files = (file for folder in folders for file in (ROOT / folder).rglob("*.py"))
    modules = {name.partition(".")[0] for file in files for name in _imports(file)}
    return modules - OURS - sys.stdlib_module_names


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def installed(requirements: Iterable[str]) -> set[str]:
    """The distributions that requirements bring, the ones they need in turn included."""
    found: set[str] = set()
    todo = [_name(requirement) for requirement in requirements]
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found.add(name)
        try:
            todo += [_name(needed) for needed in requires(name) or () if "extra ==" not in needed]
        except PackageNotFoundError:  # for another platform or Python
            continue
    return found


def _name(requirement: str) -> str:
    """The normalized name in a requirement such as `Pebble>=5.2`."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^A-Za-z0-9._-]", requirement)[0]).lower()


@pytest.mark.parametrize(
    ("folders", "requirements"),
    [
        (["operator"], GROUPS["operator"]),
        (["chunk-runner"], GROUPS["chunk-runner"]),
        (["chunk-runner", "cli"], PROJECT["project"]["dependencies"]),
    ],
    ids=["operator image", "chunk runner image", "pip install ."],
)
def test_every_import_comes_with_a_declared_package(folders: list[str], requirements: list[str]) -> None:
    modules, distributions, brought = imported(folders), packages_distributions(), installed(requirements)

    assert modules
    assert {module for module in modules if brought.isdisjoint(map(_name, distributions[module]))} == set()


def test_no_image_has_the_libraries_of_the_other() -> None:
    operator, runner = installed(GROUPS["operator"]), installed(GROUPS["chunk-runner"])

    assert operator & PDF_LIBRARIES == set()
    assert runner & KUBERNETES_CLIENTS == set()
    assert (runner & PDF_LIBRARIES, operator & KUBERNETES_CLIENTS) == (PDF_LIBRARIES, {"kopf", "lightkube"})


def test_the_images_leave_out_only_what_the_code_does_not_import() -> None:
    lines = (ROOT / "requirements-unused.txt").read_text().splitlines()
    unused = {_name(line) for line in lines if not line.startswith("#")}
    distributions = packages_distributions()

    assert unused
    assert unused - installed(GROUPS["operator"] + GROUPS["chunk-runner"]) == set(), "nothing would install these"
    modules = imported(["operator", "chunk-runner", "cli"])
    assert {module for module in modules if unused & set(map(_name, distributions[module]))} == set()


def test_the_lock_holds_no_package_that_makes_each_process_slow() -> None:
    locked = {_name(line) for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line}

    assert "jsonschema" in locked
    assert not locked & {"rfc3987-syntax", *PROJECT["tool"]["uv"]["exclude-dependencies"]}


def test_nothing_outside_tests_imports_from_tests() -> None:
    folders = {path for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    tests = {"tests", *(path.stem for path in (ROOT / "tests").iterdir() if path.is_dir() or path.suffix == ".py")}
    others = [file for folder in folders - {ROOT / "tests"} for file in folder.rglob("*.py")]
    found = {
        str(file.relative_to(ROOT)): {name.partition(".")[0] for name in _imports(file)} & tests for file in others
    }

    assert {"tools", "benchmarks", "operator"} <= {file.partition("/")[0] for file in found}
    assert {file: names for file, names in found.items() if names} == {}


def test_the_bounds_of_the_runner_stand_once() -> None:
    """Its group only names packages: `dependencies` has their bounds, and requirements.lock their versions."""
    runner, everything = GROUPS["chunk-runner"], PROJECT["project"]["dependencies"]

    assert [_name(requirement) for requirement in runner] == runner
    assert set(runner) <= {_name(requirement) for requirement in everything}


def test_whoever_builds_the_images_decides_about_every_base_image() -> None:
    stages, bases = set(), set()
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        if match := re.fullmatch(r"FROM (\S+) AS (\S+)", line):
            bases.add(match[1])
            stages.add(match[2])

    assert bases - stages == {"${BASE_IMAGE}"}
