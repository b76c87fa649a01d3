from itertools import chain

from chunk_runner.pdf.glyphs.columns import Rect, Span, columns, gutters


HEIGHT = 8
ROWS = range(700, 580, -12)


def page(*spans: tuple[float, float]) -> list[Rect]:
    """Rows of text with the same spans, drawn row by row."""
    return [Rect(left, bottom, right, bottom + HEIGHT) for bottom in ROWS for left, right in spans]


def test_the_gap_that_all_rows_have_is_the_gutter() -> None:
    assert gutters(page((70, 290), (310, 530))) == [Span(295, 305)]


def test_three_columns_have_two_gutters() -> None:
    assert gutters(page((50, 200), (214, 364), (378, 528))) == [Span(203.5, 210.5), Span(367.5, 374.5)]


def test_gaps_between_words_are_no_gutter_because_they_stand_anywhere() -> None:
    rows = [
        [
            Rect(70, bottom, 150 + 17 * at % 300, bottom + HEIGHT),
            Rect(153 + 17 * at % 300, bottom, 530, bottom + HEIGHT),
        ]
        for at, bottom in enumerate(ROWS)
    ]

    assert gutters(list(chain.from_iterable(rows))) == []


def test_columns_drawn_one_after_the_other_are_left_as_they_are() -> None:
    both = page((70, 290), (310, 530))

    assert gutters(both[::2] + both[1::2]) == []


def test_a_table_is_read_row_by_row() -> None:
    cells = [
        Rect(70, bottom, 130 + 40 * (at % 3), bottom + HEIGHT)
        if column == 0
        else Rect(310, bottom, 420, bottom + HEIGHT)
        for at, bottom in enumerate(ROWS)
        for column in range(2)
    ]

    assert gutters(cells) == []


def test_a_list_of_contents_is_read_row_by_row() -> None:
    assert gutters(page((70, 500), (515, 530))) == []


def test_a_title_across_the_columns_hides_no_gutter() -> None:
    title = Rect(150, 730, 450, 742)

    assert gutters([title, *page((70, 290), (310, 530))]) == [Span(295, 305)]


def test_a_line_is_parted_where_its_columns_meet() -> None:
    # "ab cd ef", as a reader gives it for three pieces of which the middle one stands in the left column.
    spans = [Span(310, 315), Span(315, 320), None, Span(70, 75), Span(75, 80), None, Span(320, 325), Span(325, 330)]

    assert columns(spans, [Span(290, 305)]) == [(0, 1), (3, 0), (6, 1)]


def test_a_line_across_the_gutter_is_not_parted() -> None:
    assert columns([Span(280, 288), Span(288, 300), Span(300, 306)], [Span(290, 305)]) == []


def test_a_word_is_not_parted_at_a_gutter() -> None:
    assert columns([Span(270, 280), Span(280, 289), Span(306, 314), None, Span(320, 330)], [Span(290, 305)]) == []
