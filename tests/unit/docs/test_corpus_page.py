"""docs/corpus.md, which takes minutes to generate, still has the text that its generator would write."""

import pytest

from tools.corpus import known, table
from unit.docs.pages import ROOT, rows


PAGE = (ROOT / "docs/corpus.md").read_text()


def test_the_page_begins_with_the_introduction() -> None:
    assert PAGE.startswith(table.INTRODUCTION)
    assert table.rows([])[0] in PAGE


@pytest.mark.parametrize(("file", "reason"), known.OTHER_TEXT.items())
def test_every_remark_is_in_the_row_of_its_file(file: str, reason: str) -> None:
    assert [row[-1] for row in rows(PAGE) if row[0] == f"`{file}`"] == [reason]
