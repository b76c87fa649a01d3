"""The mutants: docs/reliability.md says which remedy each takes out and which tests must fail, `mutants.toml` how.

Reads both; runs nothing.
"""

import fnmatch
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tools.markdown import rows, section, terms


ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"
REPLACEMENTS = Path(__file__).with_name("mutants.toml")

HEADING = "Remedies and mutants"


class MutantError(Exception):
    """The page and the replacements do not fit each other, or not the code."""


@dataclass(frozen=True)
class Mutant:
    """A mutant.

    Attributes:
        name: Its name.
        file: The file that it changes, relative to the repository.
        find: The text that it replaces, which must occur exactly once.
        replace: The text in its place.
        named: The tests as the page names them.
        files: The modules of these tests, relative to the repository.
        tests: The names of these tests.
    """

    name: str
    file: str
    find: str
    replace: str
    named: str
    files: list[str]
    tests: list[str]

    def applied(self, text: str) -> str:
        """Return the text of its file with the remedy taken out.

        Raises:
            MutantError: The text to replace does not occur exactly once.
        """
        if text.count(self.find) != 1:
            raise MutantError(
                f"{self.name}: {self.file} has its text {text.count(self.find)} times: update mutants.toml."
            )
        return text.replace(self.find, self.replace)


def load() -> list[Mutant]:
    """Return all mutants, in the order of the page.

    Raises:
        MutantError: A row has no replacement, a replacement no row, or a row names no test that exists.
    """
    replacements = {it["name"]: it for it in tomllib.loads(REPLACEMENTS.read_text(encoding="utf-8"))["mutant"]}
    table = {terms(row[2])[0]: row[3] for row in rows(section(PAGE.read_text(encoding="utf-8"), HEADING))}
    if different := replacements.keys() ^ table.keys():
        raise MutantError(f"only in mutants.toml, or only in docs/reliability.md: {', '.join(sorted(different))}.")
    return [_mutant(replacements[name], cell) for name, cell in table.items()]


def _mutant(replacement: dict[str, str], cell: str) -> Mutant:
    files, names = [], []
    for term in terms(cell):
        module, _, pattern = term.partition(": ")
        file = f"tests/{module}.py"
        text = (ROOT / file).read_text(encoding="utf-8") if (ROOT / file).is_file() else ""
        found = fnmatch.filter(re.findall(r"def (test_\w+)", text), f"test_{(pattern or '…').replace('…', '*')}")
        if not found:
            raise MutantError(f"{replacement['name']}: docs/reliability.md names `{term}`, which does not exist.")
        files.append(file)
        names += found
    return Mutant(**replacement, named=cell, files=files, tests=names)
