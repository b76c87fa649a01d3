"""Books for `pdfjob run`."""

from pathlib import Path

import pytest

from tools.documents import pdfs


@pytest.fixture
def long_book(tmp_path: Path) -> Path:
    """A book that takes seconds, in chunks that take a moment each."""
    return pdfs.write_prose(tmp_path / "long.pdf", [f"Sentence {number} of a long book." for number in range(60_000)])
