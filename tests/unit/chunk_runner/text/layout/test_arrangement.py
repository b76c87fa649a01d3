from dataclasses import replace

import pytest

from chunk_runner.pdf.page import Page, PageRef, PageState
from chunk_runner.text.layout.arrangement import arrange
from chunk_runner.text.layout.learning import Layout, learn_layout
from chunk_runner.text.layout.line import Line, Start
from unit.chunk_runner.text.pages import LEADING, SIZE, Text, make_page


def book_page(number: int, *, header: str = "The Log", body: int = 20, offset: float = 0) -> Page:
    """A page of a book: a header, a body that differs from page to page, and a page number."""
    texts = [f"{chr(97 + at)}{'xyz'[number % 3] * (number % 7 + 1)} goes on" for at in range(body)]
    return make_page(
        (f"{header} {number}", 60, 760),
        *((text, 60 if at % 5 else 76, 720 - LEADING * at - offset) for at, text in enumerate(texts)),
        (str(number), 290, 40),
        number=number,
    )


def sample(header: str = "The Log") -> list[Page]:
    return [book_page(number, header=header) for number in range(1, 13)]


def test_running_headers_are_learnt_with_their_numbers_masked() -> None:
    layout = learn_layout(sample())

    assert [(band.top, band.texts, band.counts) for band in layout.bands] == [
        (True, frozenset({"the log #"}), frozenset({(1, 0)})),
        (False, frozenset({"#"}), frozenset({(1, 0)})),
    ]
    assert (layout.size, layout.leading, layout.indent) == (SIZE, LEADING, 16)


def test_running_headers_are_left_out() -> None:
    text, notes, dropped = arrange(book_page(5), learn_layout(sample()))

    assert (notes, dropped) == ([], 2)
    assert len(text) == 20
    assert all(line.text.endswith("goes on") for line in text)


def test_running_headers_stand_beside_the_text_where_they_are_kept() -> None:
    layout = replace(learn_layout(sample()), keeps_running_lines=True)

    text, notes, dropped = arrange(book_page(5), layout)

    assert len(text) == 20
    assert (notes, dropped) == ([Line(5, "The Log 5", Start.ENTRY), Line(5, "5", Start.ENTRY)], 0)


def test_another_title_at_the_same_height_is_left_out_too() -> None:
    text, *_ = arrange(book_page(40, header="Quite Another Chapter"), learn_layout(sample()))

    assert not any("Chapter" in line.text for line in text)


def test_a_heading_at_that_height_stays() -> None:
    opening = make_page(Text("The Storm", 60, 760, 2 * SIZE), ("It rained.", 60, 720), ("And it rained on.", 60, 706))

    text, *_ = arrange(opening, learn_layout(sample()))

    assert [line.text for line in text] == ["The Storm", "It rained.", "And it rained on."]


def test_nothing_is_learnt_from_pages_of_one_or_two_lines() -> None:
    layout = learn_layout([make_page((f"This is page {number}.", 60, 700), number=number) for number in range(1, 20)])

    assert layout.bands == ()


def test_notes_that_look_alike_are_not_running_footers() -> None:
    pages = [
        make_page(
            *((f"{'abcdefgh'[at]}{number * 37} body", 60, 700 - LEADING * at) for at in range(8)),
            Text(f"{number * 3} Ibid., p. {number * number}.", 60, 40, 8),
            number=number,
        )
        for number in range(1, 13)
    ]

    assert [band for band in learn_layout(pages).bands if not band.top] == []


def test_notes_are_small_and_have_a_mark() -> None:
    layout = Layout(SIZE, LEADING, 0, ())
    noted = make_page(
        ("The text.1 It goes", 60, 700),
        ("on and on", 60, 686),
        Text("1 A note that takes", 60, 100, 8),
        Text("two lines.", 60, 90, 8),
        Text("2 Another one.", 60, 80, 8),
        number=3,
    )

    text, notes, _ = arrange(noted, layout)

    assert [line.text for line in text] == ["The text.1 It goes", "on and on"]
    assert notes == [
        Line(3, "1 A note that takes", starts=Start.ENTRY),
        Line(3, "two lines."),
        Line(3, "2 Another one.", starts=Start.ENTRY),
    ]


def test_a_page_of_small_lines_has_no_notes() -> None:
    text, notes, _ = arrange(
        make_page(Text("1 An entry", 60, 700, 8), Text("2 Another", 60, 690, 8)), Layout(SIZE, LEADING, 0, ())
    )

    assert (len(text), notes) == (2, [])


@pytest.mark.parametrize(
    ("second", "starts"),
    [
        (("goes on", 60, 700 - LEADING), False),
        (("set in", 76, 700 - LEADING), True),
        (("below a space", 60, 700 - 2 * LEADING), True),
        (Text("a heading", 60, 700 - LEADING, 2 * SIZE), True),
        (("in the next column", 320, 750), False),
        (("set in, in the next column", 336, 750), True),
    ],
    ids=lambda it: it[0] if isinstance(it, tuple) else None,
)
def test_a_paragraph_starts_where_the_position_says_so(
    second: Text | tuple[str, float, float], *, starts: bool
) -> None:
    left = second[1] - 16 if second[1] in (76, 336) else second[1]
    lines = make_page(
        ("first", 60, 714),
        ("line", 60, 700),
        second,
        ("third", left, second[2] - LEADING),
        ("4th", left, second[2] - 2 * LEADING),
    )

    text, *_ = arrange(lines, Layout(SIZE, LEADING, 16, ()))

    assert bool(text[2].starts) is starts


def test_all_lines_are_text_without_boxes() -> None:
    text, notes, _ = arrange(Page(PageRef(2, 2), PageState.OK, ["one", "two"]), Layout())

    assert (text, notes) == ([Line(2, "one"), Line(2, "two")], [])
