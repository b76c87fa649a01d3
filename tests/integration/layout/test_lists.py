"""Lists: each item is an entry with its marker, and what only looks like an item stays in its sentence."""

from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from integration.layout.document import LEADING, LEFT, RIGHT, TOP, entries, prose, show, wrapped, write_lines
from sizes import cases


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


@pytest.mark.parametrize("marker", ["#{}", "{}:", "{}°", "{} -"])
def test_numbers_of_items_have_many_forms(tmp_path: Path, marker: str) -> None:
    items = [f"{marker.format(at + 1)} {sentence[:-1]}" for at, sentence in enumerate(prose(4))]
    write_lines(tmp_path / "list.pdf", [("The guests must know:", LEFT), *((item, LEFT + 20) for item in items)])

    assert entries(tmp_path / "list.pdf") == ["The guests must know:", *items]
