from hypothesis import given
from hypothesis import strategies as st

from chunk_runner.contract.limits import shorten


@given(st.text(), st.integers(1, 50))
def test_shortened_text_is_one_printable_line(text: str, limit: int) -> None:
    line = shorten(text, limit)

    assert len(line) <= limit
    assert line.isprintable()
