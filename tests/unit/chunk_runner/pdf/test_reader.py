import pytest

from chunk_runner.pdf.page import SOFT_HYPHEN, clean


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ("plain", "plain"),
        ("  c   d ", "c d"),
        (" ", ""),
        ("a\x00b", "a b"),
        ("a\u200b\u202eb", "a b"),
        ("a\ue000\ud800b", "a b"),
        ("é\u00a0“x”", "é “x”"),
        (f"soft{SOFT_HYPHEN}", f"soft{SOFT_HYPHEN}"),
        ("soft\ufffe", f"soft{SOFT_HYPHEN}"),
        ("soft\x02", f"soft{SOFT_HYPHEN}"),
    ],
)
def test_lines_lose_what_is_not_text(raw: str, line: str) -> None:
    assert clean(raw) == line
