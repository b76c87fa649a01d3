"""Lists, tables, code, headings and drop caps: what is an entry of its own."""

from collections import Counter
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from integration.layout.document import LEADING, LEFT, RIGHT, TOP, entries, prose, show, wrapped
from sizes import cases


def write_lines(path: Path, lines: list[tuple[str, float] | tuple[str, float, str] | None]) -> None:
    """Write lines, each with its left edge and its font; `None` is half a line of space."""
    canvas = Canvas(str(path), pagesize=(595, 842), invariant=True)
    bottom = TOP
    for line in lines:
        if line is None:
            bottom -= LEADING / 2
            continue
        text, left, *font = line
        show(canvas, text, left, bottom, font=font[0] if font else "Times-Roman")
        bottom -= LEADING
    canvas.save()


INTRODUCTION = "Whoever wants to cross the river in winter brings along all of these:"
ITEMS = ("a coat that is warm", "Money for the ferryman", "two loaves. They last for a day", "The letter")
AFTER = "Children cross for nothing. Their parents pay at the other side."


MARKERS = ("•", "–", "-", "*", "1.", "1)", "(1)", "a)", "(a)", "A.", "i.", "1.1", "§ 1")


@pytest.mark.parametrize("marker", cases(MARKERS, quick=["•", "–", "1.", "(a)", "i."]))
@pytest.mark.parametrize("indents", cases([(0, 0), (18, 0), (0, 24), (18, 24)], quick=[(0, 24)]))
def test_an_item_is_an_entry_with_its_marker(tmp_path: Path, marker: str, indents: tuple[float, float]) -> None:
    indent, hanging = indents
    markers = [_next(marker, at) for at in range(len(ITEMS))]
    lines: list[tuple[str, float] | tuple[str, float, str] | None] = [
        (line, LEFT) for line in wrapped(INTRODUCTION, 300)
    ]
    for mark, item in zip(markers, ITEMS, strict=True):
        first, *more = wrapped(f"{mark} {item} and is left on the bench by the door of the house", 250)
        lines.append((first, LEFT + indent))
        lines += [(line, LEFT + indent + hanging) for line in more]
    lines += [(line, LEFT) for line in wrapped(AFTER, RIGHT - LEFT)]
    write_lines(tmp_path / "list.pdf", lines)

    found = entries(tmp_path / "list.pdf")

    end = "and is left on the bench by the door of the house"
    assert found == [
        INTRODUCTION,
        f"{markers[0]} {ITEMS[0]} {end}",
        f"{markers[1]} {ITEMS[1]} {end}",
        f"{markers[2]} two loaves.",
        f"They last for a day {end}",
        f"{markers[3]} {ITEMS[3]} {end}",
        "Children cross for nothing.",
        "Their parents pay at the other side.",
    ]


def _next(marker: str, steps: int) -> str:
    """The marker of a later item: `a)`, `b)`, `c)`."""
    at = max(index for index, char in enumerate(marker) if char.isalnum()) if any(map(str.isalnum, marker)) else None
    if at is None:
        return marker
    if marker == "i.":
        return ("i.", "ii.", "iii.", "iv.")[steps]
    return marker[:at] + chr(ord(marker[at]) + steps) + marker[at + 1 :]


OPEN = ("He paid for it – and", "It was about 300 km or", "They read the list of")


@pytest.mark.parametrize("text", cases(OPEN, quick=OPEN[:1]))
@pytest.mark.parametrize("following", ["– as I was told – went away.", "12. That is all.", "- or so they said."])
def test_a_dash_or_number_at_a_line_start_may_belong_to_a_sentence(tmp_path: Path, text: str, following: str) -> None:
    before = prose(6)
    lines = list(wrapped(" ".join(before), 330))
    filled = text + " he sat there until the very late evening by the window"
    write_lines(tmp_path / "text.pdf", [(line, LEFT) for line in (*lines, filled, following)])

    found = entries(tmp_path / "text.pdf")
    beginning = following.split(".", maxsplit=1)[0]
    assert any(beginning in entry and "he sat there" in entry for entry in found)


HUNG = (
    "the blue kettle that stood for many years on the shelf beside the old Dutch",
    "clock",
    "an umbrella",
    "a box of letters, and the lamp by the door that nobody had lit since the great flood",
)


HUNG_MARKERS = ("••••", "––––", "1. 2. 3. 4.", "[1] [2] [3] [4]", "(a) (b) (c) (d)")


@pytest.mark.parametrize("markers", cases(HUNG_MARKERS, quick=["––––", "[1] [2] [3] [4]"]))
def test_markers_apart_from_their_text_make_no_table(tmp_path: Path, markers: str) -> None:
    each = markers.split() if " " in markers else list(markers)
    canvas = Canvas(str(tmp_path / "list.pdf"), pagesize=(595, 842), invariant=True)
    show(canvas, "This is what they found:", LEFT, TOP)
    bottom = TOP
    for marker, item in zip(each, HUNG, strict=True):
        show(canvas, marker, LEFT, bottom - LEADING)
        for line in wrapped(item, 250):
            bottom -= LEADING
            show(canvas, line, LEFT + 40, bottom)
    canvas.save()

    found = entries(tmp_path / "list.pdf")

    assert found == ["This is what they found:", *(f"{marker} {item}" for marker, item in zip(each, HUNG, strict=True))]


PARAGRAPH = (
    "When the snow had gone, the ferryman was seen again beside the river, "
    "and with him were Mr. Lowe and both the twins."
)


@pytest.mark.parametrize("item_indent", cases([0, 16, 24], quick=[16]))
@pytest.mark.parametrize("marker", ["–", "•", "3."])
def test_a_paragraph_with_an_indent_follows_a_list(tmp_path: Path, item_indent: float, marker: str) -> None:
    sentences = prose(60)
    canvas = Canvas(str(tmp_path / "list.pdf"), pagesize=(595, 842), invariant=True)
    wanted = []
    for page in range(4):
        at = 0
        for number, sentence in enumerate(sentences[15 * page : 15 * page + 12]):
            mark = f"{number + 1}." if marker == "3." else marker
            show(canvas, f"{mark} {sentence[:-1]}", LEFT + item_indent, TOP - at * LEADING)
            wanted.append(f"{mark} {sentence[:-1]}")
            at += 1
        for _ in range(4):
            indent = 16.0
            for line in wrapped(PARAGRAPH, RIGHT - LEFT - 16):
                show(canvas, line, LEFT + indent, TOP - at * LEADING)
                at, indent = at + 1, 0
            wanted.append(PARAGRAPH)
        canvas.showPage()
    canvas.save()

    assert entries(tmp_path / "list.pdf") == wanted


TABLE = (("Town", "Bridges", "Mills"), ("Alt Dorf", "3", "12"), ("Bad See", "1", "4"), ("Sum", "4", "16"))


@pytest.mark.parametrize("columns", cases([(90, 220, 330), (90, 180, 230), (110, 300, 460)], quick=[(90, 180, 230)]))
def test_a_row_of_a_table_is_an_entry(tmp_path: Path, columns: tuple[float, ...]) -> None:
    canvas = Canvas(str(tmp_path / "table.pdf"), pagesize=(595, 842), invariant=True)
    show(canvas, "The towns by the river have bridges and mills, as was counted", LEFT, TOP)
    show(canvas, "in the year of the flood. Nothing was left out.", LEFT, TOP - LEADING)
    for at, row in enumerate(TABLE):
        for column, cell in zip(columns, row, strict=True):
            show(canvas, cell, column, TOP - 40 - at * LEADING)
    show(canvas, "More mills were built later. No bridge was.", LEFT, TOP - 40 - 6 * LEADING)
    canvas.save()

    assert entries(tmp_path / "table.pdf") == [
        "The towns by the river have bridges and mills, as was counted in the year of the flood.",
        "Nothing was left out.",
        *(" ".join(row) for row in TABLE),
        "More mills were built later.",
        "No bridge was.",
    ]


@pytest.mark.parametrize(
    "caption", ["Table 1: Towns", "Table 1. The towns by the river that have bridges, and their mills"]
)
def test_a_caption_above_a_table_has_none_of_its_rows(tmp_path: Path, caption: str) -> None:
    canvas = Canvas(str(tmp_path / "table.pdf"), pagesize=(595, 842), invariant=True)
    bottom = TOP
    for line in wrapped(caption, 200):
        show(canvas, line, LEFT, bottom)
        bottom -= LEADING
    for row in TABLE:
        for column, cell in zip((90, 220, 330), row, strict=True):
            show(canvas, cell, column, bottom)
        bottom -= LEADING
    canvas.save()

    assert sorted(entries(tmp_path / "table.pdf")) == sorted([caption, *(" ".join(row) for row in TABLE)])


@pytest.mark.parametrize("on_first", cases([5, 6, 7, 8], quick=[7]))
def test_a_table_goes_on_on_the_next_page(tmp_path: Path, on_first: int) -> None:
    rows = [(f"Town {number}", str(number * 3), str(1800 + number)) for number in range(10)]
    canvas = Canvas(str(tmp_path / "table.pdf"), pagesize=(595, 842), invariant=True)
    for page in (rows[:on_first], rows[on_first:]):
        for at, row in enumerate(page):
            for column, cell in zip((90, 230, 330), row, strict=True):
                show(canvas, cell, column, TOP - at * LEADING)
        canvas.showPage()
    canvas.save()

    assert entries(tmp_path / "table.pdf") == [" ".join(row) for row in rows]


CODE = ("def ferry(people):", "    for person in people:", "        cross(person)", "    return len(people)")


def test_a_line_of_code_is_an_entry(tmp_path: Path) -> None:
    text = list(wrapped(" ".join(prose(4)) + " The rule is this:", RIGHT - LEFT))
    write_lines(
        tmp_path / "code.pdf",
        [*((line, LEFT) for line in text), *((line, LEFT + 10, "Courier") for line in CODE), ("So it was.", LEFT)],
    )

    assert entries(tmp_path / "code.pdf") == [*prose(4), "The rule is this:", *map(str.strip, CODE), "So it was."]


def test_a_text_in_a_font_of_fixed_pitch_is_no_code(tmp_path: Path) -> None:
    lines = [(line, LEFT, "Courier") for line in wrapped(" ".join(prose(20)), 400, "Courier")]
    write_lines(tmp_path / "typed.pdf", list(lines))

    assert entries(tmp_path / "typed.pdf") == prose(20)


@pytest.mark.parametrize("heading", ["The Flood", "2.1 The Year of the Flood", "NOTES", "II. What Came After"])
@pytest.mark.parametrize("gap", cases([False, True], quick=[False]))
def test_a_heading_of_the_size_of_the_text_is_an_entry(tmp_path: Path, heading: str, *, gap: bool) -> None:
    first, second = prose(5, seed=2), prose(5, seed=3)
    write_lines(
        tmp_path / "report.pdf",
        [
            *((line, LEFT) for line in wrapped(" ".join(first), RIGHT - LEFT)),
            *([None] if gap else []),
            (heading, LEFT, "Times-Bold"),
            *((line, LEFT) for line in wrapped(" ".join(second), RIGHT - LEFT)),
        ],
    )

    assert entries(tmp_path / "report.pdf") == [*first, heading, *second]


@pytest.mark.parametrize(
    ("last", "font"),
    [("Years of Flood", "Times-Bold"), ("– the lamp by the door", "Times-Roman"), ("3. Bread", "Times-Roman")],
)
def test_a_short_last_line_of_a_page_does_not_run_into_the_next_page(tmp_path: Path, last: str, font: str) -> None:
    first, second = prose(8, seed=4), prose(5, seed=5)
    canvas = Canvas(str(tmp_path / "pages.pdf"), pagesize=(595, 842), invariant=True)
    before = [f"{marker} and more of it" for marker in ("1.", "2.")] if last[0] == "3" else []
    lines = [*wrapped(" ".join([*first[:-1], "They needed this:"]), RIGHT - LEFT), *before]
    for at, line in enumerate(lines):
        show(canvas, line, LEFT, TOP - at * LEADING)
    show(canvas, last, LEFT, TOP - len(lines) * LEADING, font=font)
    canvas.showPage()
    for at, line in enumerate(wrapped(" ".join(second), RIGHT - LEFT)):
        show(canvas, line, LEFT, TOP - at * LEADING)
    canvas.save()

    assert entries(tmp_path / "pages.pdf") == [*first[:-1], "They needed this:", *before, last, *second]


def test_bold_words_within_a_sentence_are_no_heading(tmp_path: Path) -> None:
    write_lines(
        tmp_path / "bold.pdf",
        [
            ("The ferryman was known to everybody in the long valley as", LEFT),
            ("the man with the hat,", LEFT, "Times-Bold"),
            ("and he was not fond of that. He said nothing about it.", LEFT),
        ],
    )

    assert len(entries(tmp_path / "bold.pdf")) == 2


@pytest.mark.parametrize(
    ("cap", "rest"), [("W", "hen the river froze"), ("A", "fter the flood"), ("T", "HE RIVER was")]
)
def test_a_drop_cap_belongs_to_its_word(tmp_path: Path, cap: str, rest: str) -> None:
    lines = list(wrapped(f"{rest} at last, nobody in the valley knew what to do. They waited for the spring.", 250))
    canvas = Canvas(str(tmp_path / "cap.pdf"), pagesize=(595, 842), invariant=True)
    show(canvas, cap, LEFT, TOP - 2 * LEADING, size=50)
    for at, line in enumerate(lines):
        show(canvas, line, LEFT + (50 if at < 3 else 0), TOP - at * LEADING)
    canvas.save()

    found = entries(tmp_path / "cap.pdf")

    assert found[0].startswith(cap + rest)
    assert found[-1] == "They waited for the spring."


@pytest.mark.parametrize("font", ["Times-Italic", "Helvetica", "capitals"])
@pytest.mark.parametrize("gap", cases([0, 8], quick=[0]))
def test_a_heading_in_italics_or_capitals_is_an_entry(tmp_path: Path, font: str, gap: float) -> None:
    headings = ["Introduction", "What the Clerk Had Seen", "The Return"]
    sentences = prose(24)
    canvas = Canvas(str(tmp_path / "book.pdf"), invariant=True)
    bottom = TOP
    for at, heading in enumerate(headings):
        is_capitals = font == "capitals"
        headings[at] = heading.upper() if is_capitals else heading
        bottom -= gap
        show(canvas, headings[at], LEFT, bottom, font="Times-Roman" if is_capitals else font)
        bottom -= LEADING
        for line in wrapped(" ".join(sentences[8 * at : 8 * at + 8]), RIGHT - LEFT):
            show(canvas, line, LEFT, bottom)
            bottom -= LEADING
    canvas.showPage()
    canvas.save()

    assert Counter(entries(tmp_path / "book.pdf")) == Counter([*headings, *sentences])


@pytest.mark.parametrize("words", ["The Light of the North", "NATO"])
def test_a_line_that_begins_in_italics_or_capitals_is_no_heading(tmp_path: Path, words: str) -> None:
    canvas = Canvas(str(tmp_path / "book.pdf"), invariant=True)
    show(canvas, "Nobody in the village had read a book by the clerk before that winter, and the name was", LEFT, TOP)
    show(canvas, words, LEFT, TOP - LEADING, font="Times-Italic" if " " in words else "Times-Roman")
    show(canvas, "Everybody knew it in the spring.", LEFT, TOP - 2 * LEADING)
    canvas.showPage()
    canvas.save()

    assert any(f"the name was {words}" in entry for entry in entries(tmp_path / "book.pdf"))


def test_a_signature_at_the_foot_of_a_page_ends_there(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "letters.pdf"), invariant=True)
    sentences = prose(12)
    for page in range(3):
        bottom = TOP
        for line in [*wrapped(" ".join(sentences[4 * page : 4 * page + 4]), RIGHT - LEFT), "Maria Stone, secretary"]:
            show(canvas, line, LEFT, bottom)
            bottom -= LEADING
        canvas.showPage()
    canvas.save()

    found = entries(tmp_path / "letters.pdf")
    assert found.count("Maria Stone, secretary") == 3
    assert [sentence for sentence in sentences if sentence not in found] == []


TABLES = (
    ["Year Roof Windows Garden", "2019 1,200 350 80", "2020 90 2,400 120", "Total 1,290 2,750 200"],
    ["Apples twelve", "Pears nine", "Horses nothing", "Letters four"],
    ["Leeds 12", "York 9", "Hull 104"],
)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("align", ["drawString", "drawRightString"])
def test_a_table_that_is_drawn_column_by_column_is_read_by_rows(tmp_path: Path, table: list[str], align: str) -> None:
    sentences = prose(8)
    canvas = Canvas(str(tmp_path / "table.pdf"), invariant=True)
    bottom = TOP
    for line in wrapped(" ".join(sentences[:4]), RIGHT - LEFT):
        show(canvas, line, LEFT, bottom)
        bottom -= LEADING
    rows = [row.split() for row in table]
    for column in range(len(rows[0])):
        for at, row in enumerate(rows):
            getattr(canvas, align)(LEFT + 60 + 90 * column, bottom - 10 - 15 * at, row[column])
    bottom -= 20 + 15 * len(rows)
    for line in wrapped(" ".join(sentences[4:]), RIGHT - LEFT):
        show(canvas, line, LEFT, bottom)
        bottom -= LEADING
    canvas.showPage()
    canvas.save()

    assert entries(tmp_path / "table.pdf") == [*sentences[:4], *table, *sentences[4:]]


def test_columns_of_short_lines_stay_columns(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "index.pdf"), invariant=True)
    for column, letter in enumerate("abc"):
        for at in range(30):
            show(canvas, f"{letter}{'bdfgklmnprstvz'[at % 14]}, {at + 7}", LEFT + 140 * column, TOP - LEADING * at)
    canvas.showPage()
    canvas.save()

    found = " ".join(entries(tmp_path / "index.pdf"))
    assert found.index("az") < found.index("bb") < found.index("bz") < found.index("cb")


@pytest.mark.parametrize("marker", ["#{}", "{}:", "{}°", "{} -"])
def test_numbers_of_items_have_many_forms(tmp_path: Path, marker: str) -> None:
    items = [f"{marker.format(at + 1)} {sentence[:-1]}" for at, sentence in enumerate(prose(4))]
    write_lines(tmp_path / "list.pdf", [("The guests must know:", LEFT), *((item, LEFT + 20) for item in items)])

    assert entries(tmp_path / "list.pdf") == ["The guests must know:", *items]


@pytest.mark.parametrize("label", ["1999–2003", "Axle", "A long label"])
def test_the_last_cell_of_a_row_may_have_several_lines(tmp_path: Path, label: str) -> None:
    canvas = Canvas(str(tmp_path / "table.pdf"), invariant=True)
    texts = [f"{sentence[:-1]} and went home in the evening with nothing but a lamp." for sentence in prose(4)]
    bottom = TOP
    for text in texts:
        show(canvas, label, LEFT, bottom)
        for line in wrapped(text, 250):
            show(canvas, line, LEFT + 100, bottom)
            bottom -= LEADING
        bottom -= 6
    canvas.showPage()
    canvas.save()

    assert entries(tmp_path / "table.pdf") == [f"{label} {text}" for text in texts]
