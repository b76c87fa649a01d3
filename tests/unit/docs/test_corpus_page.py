"""docs/corpus.md, which takes minutes to generate, still has the text that its generator would write."""

import pytest

from tools.corpus import known, lost_table, table
from tools.markdown import rows
from unit.docs.pages import ROOT


PAGE = (ROOT / "docs/corpus.md").read_text()


def test_the_page_begins_with_the_introduction() -> None:
    assert PAGE.startswith(table.INTRODUCTION)
    assert table.rows([])[0] in PAGE
    assert lost_table.INTRODUCTION in PAGE


@pytest.mark.parametrize(("file", "reason"), known.OTHER_TEXT.items())
def test_every_remark_is_in_the_row_of_its_file(file: str, reason: str) -> None:
    assert [row[-1] for row in rows(PAGE) if row[0] == f"`{file}`"] == [reason]


@pytest.mark.parametrize("reason", sorted({reason for reason, _ in known.LOST.values()}))
def test_every_reason_for_lost_words_is_in_the_table(reason: str) -> None:
    assert [row[0] for row in rows(PAGE)].count(reason) == 1
