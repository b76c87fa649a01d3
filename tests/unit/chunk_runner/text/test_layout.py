from array import array

import pytest

from chunk_runner.pdf.page import Page, PageState
from chunk_runner.text.document_profile import Decisions, choose, decide
from chunk_runner.text.layout import Layout, Line, learn, read
from chunk_runner.text.running_headers import Band, masked


SIZE, PITCH = 10, 14


def page(*lines: tuple[str, float, float] | tuple[str, float, float, float]) -> Page:
    """A page of lines, each with its text, left edge, lower edge, and height if that is not the usual one."""
    boxes = array("f")
    for _, left, bottom, *height in lines:
        boxes.extend((left, bottom, bottom + (height[0] if height else SIZE)))
    return Page(PageState.OK, [line[0] for line in lines], boxes, 800)


def book_page(number: int, *, header: str = "The Log", body: int = 20, offset: float = 0) -> Page:
    """A page of a book: a header, a body that is another one on each page, and a page number."""
    texts = [f"{chr(97 + at)}{'xyz'[number % 3] * (number % 7 + 1)} goes on" for at in range(body)]
    return page(
        (f"{header} {number}", 60, 760),
        *((text, 60 if at % 5 else 76, 720 - PITCH * at - offset) for at, text in enumerate(texts)),
        (str(number), 290, 40),
    )


def sample(header: str = "The Log") -> list[tuple[int, Page]]:
    return [(number, book_page(number, header=header)) for number in range(1, 13)]


def test_what_runs_along_is_learnt_with_its_numbers_masked() -> None:
    layout = learn(sample())

    assert [(band.top, band.texts) for band in layout.bands] == [
        (True, frozenset({"the log #"})),
        (False, frozenset({"#"})),
    ]
    assert (layout.size, layout.pitch, layout.indent) == (SIZE, PITCH, 16)


def test_what_runs_along_is_left_out() -> None:
    text, notes = read(5, book_page(5), learn(sample()))

    assert notes == []
    assert len(text) == 20
    assert all(line.text.endswith("goes on") for line in text)


def test_another_title_at_the_same_place_is_left_out_too() -> None:
    text, _ = read(40, book_page(40, header="Quite Another Chapter"), learn(sample()))

    assert not any("Chapter" in line.text for line in text)


def test_a_heading_at_that_place_stays() -> None:
    opening = page(("The Storm", 60, 760, 2 * SIZE), ("It rained.", 60, 720), ("And it rained on.", 60, 706))

    text, _ = read(7, opening, learn(sample()))

    assert [line.text for line in text] == ["The Storm", "It rained.", "And it rained on."]


def test_pages_of_a_line_or_two_teach_nothing() -> None:
    layout = learn([(number, page((f"This is page {number}.", 60, 700))) for number in range(1, 20)])

    assert layout.bands == ()


def test_notes_that_look_alike_do_not_run_along() -> None:
    pages = [
        (
            number,
            page(
                *((f"{'abcdefgh'[at]}{number * 37} body", 60, 700 - PITCH * at) for at in range(8)),
                (f"{number * 3} Ibid., p. {number * number}.", 60, 40, 8),
            ),
        )
        for number in range(1, 13)
    ]

    assert [band for band in learn(pages).bands if not band.top] == []


def test_notes_are_small_and_have_a_mark() -> None:
    layout = Layout(SIZE, PITCH, 0, ())
    noted = page(
        ("The text.1 It goes", 60, 700),
        ("on and on", 60, 686),
        ("1 A note that takes", 60, 100, 8),
        ("two lines.", 60, 90, 8),
        ("2 Another one.", 60, 80, 8),
    )

    text, notes = read(3, noted, layout)

    assert [line.text for line in text] == ["The text.1 It goes", "on and on"]
    assert notes == [
        Line(3, "1 A note that takes", starts=True),
        Line(3, "two lines."),
        Line(3, "2 Another one.", starts=True),
    ]


def test_a_page_of_small_lines_is_no_page_of_notes() -> None:
    text, notes = read(3, page(("1 An entry", 60, 700, 8), ("2 Another", 60, 690, 8)), Layout(SIZE, PITCH, 0, ()))

    assert (len(text), notes) == (2, [])


@pytest.mark.parametrize(
    ("second", "starts"),
    [
        (("goes on", 60, 700 - PITCH), False),
        (("set in", 76, 700 - PITCH), True),
        (("below a space", 60, 700 - 2 * PITCH), True),
        (("a heading", 60, 700 - PITCH, 2 * SIZE), True),
        (("in the next column", 320, 750), False),
        (("set in, in the next column", 336, 750), True),
    ],
    ids=lambda it: it[0] if isinstance(it, tuple) else None,
)
def test_a_place_may_say_that_a_paragraph_starts(second: tuple[str, float, float], starts: bool) -> None:  # noqa: FBT001 (a table)
    left = second[1] - 16 if second[1] in (76, 336) else second[1]
    lines = page(
        ("first", 60, 714),
        ("line", 60, 700),
        second,
        ("third", left, second[2] - PITCH),
        ("4th", left, second[2] - 2 * PITCH),
    )

    text, _ = read(1, lines, Layout(SIZE, PITCH, 16, ()))

    assert text[2].starts is starts


def test_without_boxes_all_lines_are_text() -> None:
    text, notes = read(2, Page(PageState.OK, ["one", "two"]), Layout())

    assert (text, notes) == ([Line(2, "one"), Line(2, "two")], [])


def test_roman_numbers_are_masked_like_others() -> None:
    assert masked("Preface xiv") == masked("Preface 12") == "preface #"


def test_decisions_survive_the_manifest() -> None:
    decisions = decide(sample(), "fr")

    assert Decisions.load(decisions.dump()) == decisions
    assert decisions.language == "fr"
    assert Layout.load(Layout(1, 2, 3, (Band(top=True, bottom=4, texts=frozenset({"a"})),)).dump()).bands[
        0
    ].texts == frozenset({"a"})


@pytest.mark.parametrize("pages", [1, 31, 32, 33, 500, 10_000])
def test_the_sample_is_of_pages_in_a_row_spread_over_all(pages: int) -> None:
    chosen = choose(range(1, pages + 1))

    assert chosen == sorted(set(chosen))
    assert len(chosen) == min(pages, 32)
    assert (chosen[0], chosen[-1]) == (1, pages)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The lamp was lit at noon and nobody came to see it, because the weather was bad."),
        ("fr", "La lampe fut allumée à midi et personne ne vint la voir, car le temps était mauvais."),
        ("de", "Die Lampe wurde am Mittag angezündet, und niemand kam, weil das Wetter schlecht war."),
        ("es", "La lámpara se encendió al mediodía y nadie vino a verla, porque hacía mal tiempo."),
        ("it", "La lampada fu accesa a mezzogiorno e nessuno venne a vederla, perché il tempo era brutto."),
    ],
)
def test_the_language_is_found_out(language: str, text: str) -> None:
    assert decide([(1, Page(PageState.OK, [text] * 3))], None).language == language


def test_of_a_text_that_tells_nothing_english_is_assumed() -> None:
    assert decide([(1, Page(PageState.OK, ["1871 17 4"]))], None).language == "en"
