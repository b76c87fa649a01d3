"""The page that tells people what a reason means knows them all, and no others."""

import re
from pathlib import Path

from chunk_runner.contract.reasons import Reason


ROOT = Path(__file__).parents[3]
ROWS = [
    word
    for line in (ROOT / "docs/troubleshooting.md").read_text().splitlines()
    if line.startswith("| `")
    for word in re.findall(r"`(\w+)`", line.split("|")[1])
]
CODE = "".join(path.read_text() for folder in ("operator", "chunk-runner") for path in (ROOT / folder).rglob("*.py"))


def test_every_reason_has_a_row_of_its_own() -> None:
    assert {it.value for it in Reason} - set(ROWS) == set()
    assert len(ROWS) == len(set(ROWS))


def test_every_reason_that_only_the_operator_knows_has_a_row() -> None:
    said = re.findall(r'(?:Failure|JobState|troubled)\(\s*(?:\w+, )?"([A-Z]\w+[a-z][A-Z]\w+)"', CODE)

    assert len(said) > 5
    assert set(said) - set(ROWS) == set()


def test_no_row_is_about_nothing() -> None:
    assert [word for word in ROWS if f'"{word}"' not in CODE] == []
