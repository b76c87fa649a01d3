"""The values of form fields, as a viewer shows them, are text of a copied page."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String
from reportlab.pdfgen.canvas import Canvas

from chunk_runner.pdf.page import PageState
from pdf_files.annotated import (
    COMB,
    COMBO,
    HIDDEN,
    MULTILINE,
    NO_VIEW,
    PASSWORD,
    PRINT,
    PUSH_BUTTON,
    RADIO,
    AnnotatedPdf,
)
from pdf_files.copied_pages import copied


Draw = Callable[[AnnotatedPdf], Any]

BOX = (72, 600, 86, 614)


def annotations(tmp_path: Path, draw: Draw) -> list[list[str]]:
    """The text of the annotations of a page."""
    made = AnnotatedPdf("A page of its own.")
    draw(made)
    (page,) = copied(made.save(tmp_path / "a.pdf"), tmp_path)
    assert page.lines == ["A page of its own."]
    return page.annotations


def options(*pairs: tuple[str, str]) -> Array:
    return Array([Array([String(value), String(shown)]) for value, shown in pairs])


def needing_appearances(made: AnnotatedPdf) -> None:
    made.field("Tx", V="New value", AP=made.appearance("Old value"))
    made.pdf.Root.AcroForm.NeedAppearances = True


def cleared(made: AnnotatedPdf) -> None:
    made.field("Tx", V="", AP=made.appearance("Old value"))
    made.pdf.Root.AcroForm.NeedAppearances = True


def with_parents(made: AnnotatedPdf) -> None:
    above = made.pdf.make_indirect(Dictionary(FT=Name.Tx, V=String("Anna Weber"), T=String("a")))
    between = made.pdf.make_indirect(Dictionary(Parent=above, T=String("b")))
    made.pdf.Root.AcroForm.Fields.append(above)
    above.Kids = Array([between])
    between.Kids = Array([made.annotate("Widget", Parent=between)])


TEXT_FIELDS: dict[str, tuple[Draw, list[list[str]]]] = {
    "an appearance": (lambda it: it.field("Tx", V="1234.5", AP=it.appearance("1,234.50 EUR")), [["1,234.50 EUR"]]),
    "no appearance": (lambda it: it.field("Tx", V="Anna Weber"), [["Anna Weber"]]),
    "a single letter": (lambda it: it.field("Tx", V="Ж"), [["Ж"]]),
    "a single character": (lambda it: it.field("Tx", V="女"), [["女"]]),
    "an appearance without text": (
        lambda it: it.field("Tx", V="Anna Weber", AP=Dictionary(N=it.drawing("/Tx BMC EMC"))),
        [["Anna Weber"]],
    ),
    "an appearance that is out of date": (needing_appearances, [["New value"]]),
    "a value that was cleared": (cleared, []),
    "a value of the field above": (with_parents, [["Anna Weber"]]),
    "a value in a stream": (lambda it: it.field("Tx", V=it.pdf.make_stream(b"Anna Weber")), [["Anna Weber"]]),
    "a name as value": (lambda it: it.field("Tx", V=Name.Weber), [["Weber"]]),
    "rich text only": (
        lambda it: it.field("Tx", RV="<body><p>Anna <b>Weber</b> &amp; Co</p></body>"),
        [["Anna Weber & Co"]],
    ),
    "several lines": (
        lambda it: it.field("Tx", V="She grows beans\rand tomatoes.", Ff=MULTILINE, rect=(72, 500, 272, 600)),
        [["She grows beans", "and tomatoes."]],
    ),
    "a comb": (lambda it: it.field("Tx", V="97616", Ff=COMB, MaxLen=5, AP=it.appearance("9 7 6 1 6")), [["97616"]]),
    "a password": (lambda it: it.field("Tx", V="secret", Ff=PASSWORD, AP=it.appearance("******")), []),
    "a turned field": (
        lambda it: it.field("Tx", V="Anna Weber", MK=Dictionary(R=90), rect=(72, 100, 92, 400)),
        [["Anna Weber"]],
    ),
    "an empty field": (lambda it: it.field("Tx", AP=Dictionary(N=it.drawing("0 0 300 20 re S"))), []),
    "a value longer than its field": (
        lambda it: it.field("Tx", V="Anna grows beans. " * 8, rect=(72, 500, 172, 512)),
        [
            ["Anna grows beans. Anna grows beans.", "Anna grows beans. Anna grows beans."]
            + ["Anna grows beans. Anna grows beans."] * 2
        ],
    ),
    "Cyrillic": (lambda it: it.field("Tx", V="Анна Вебер"), [["Анна Вебер"]]),
    "Japanese": (lambda it: it.field("Tx", V="山田太郎"), [["山田太郎"]]),
    "Arabic": (lambda it: it.field("Tx", V="محمد علي"), [["محمد علي"]]),
    "Hebrew with a number": (lambda it: it.field("Tx", V="שלום 123 עולם"), [["שלום 123 עולם"]]),
    "Hindi": (lambda it: it.field("Tx", V="आन्ना वेबर"), [["आन्ना वेबर"]]),
    "an emoji": (lambda it: it.field("Tx", V="Fine 😀"), [["Fine 😀"]]),
}

CHOICES: dict[str, tuple[Draw, list[list[str]]]] = {
    "the text of an option": (
        lambda it: it.field("Ch", V="de", Ff=COMBO, Opt=options(("en", "England"), ("de", "Germany"))),
        [["Germany"]],
    ),
    "a text of one's own": (
        lambda it: it.field("Ch", V="Italy", Ff=COMBO, Opt=options(("en", "England"))),
        [["Italy"]],
    ),
    "several options": (
        lambda it: it.field(
            "Ch",
            V=Array([String("b"), String("c")]),
            Opt=options(("a", "Apples"), ("b", "Pears"), ("c", "Plums"), ("d", "Quinces")),
            rect=(72, 540, 172, 560),
        ),
        [["Apples"], ["Pears"], ["Plums"]],
    ),
    "a list from its third option on": (
        lambda it: it.field(
            "Ch", TI=2, Opt=Array([String(text) for text in ("a", "b", "Pears", "Plums")]), rect=(72, 500, 172, 560)
        ),
        [["Pears"], ["Plums"]],
    ),
    "options by number": (
        lambda it: it.field("Ch", Ff=COMBO, I=Array([1]), Opt=Array([String("Apples"), String("Pears")])),
        [["Pears"]],
    ),
    "a list that is drawn": (
        lambda it: it.field(
            "Ch",
            V="Pears",
            rect=(72, 500, 372, 560),
            AP=Dictionary(N=it.drawing("BT /F1 10 Tf 2 40 Td (Apples) Tj 0 -14 Td (Pears) Tj ET", box=(0, 0, 300, 60))),
        ),
        [["Apples"], ["Pears"]],
    ),
}


def drawn(made: AnnotatedPdf) -> Dictionary:
    """The appearances of a check box whose mark is a drawing."""
    return Dictionary(N=Dictionary(Yes=made.drawing("0 0 m 14 14 l S", box=(0, 0, 14, 14)), Off=made.drawing("")))


def lettered(made: AnnotatedPdf) -> Dictionary:
    """The appearances of a check box whose mark is a character of ZapfDingbats."""
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.ZapfDingbats)
    on = made.drawing("BT /ZaDb 10 Tf 2 2 Td (8) Tj ET", box=(0, 0, 14, 14))
    on.Resources = Dictionary(Font=Dictionary(ZaDb=font))
    return Dictionary(N=Dictionary(Yes=on, Off=made.drawing("")))


BUTTONS: dict[str, tuple[Draw, list[list[str]]]] = {
    "a drawn mark": (lambda it: it.field("Btn", V=Name.Yes, AS=Name.Yes, rect=BOX, AP=drawn(it)), [["✔"]]),
    "a mark of a font": (lambda it: it.field("Btn", V=Name.Yes, AS=Name.Yes, rect=BOX, AP=lettered(it)), [["✘"]]),
    "no appearance": (lambda it: it.field("Btn", V=Name.Yes, AS=Name.Yes, rect=BOX), [["✔"]]),
    "a mark of its own": (
        lambda it: it.field("Btn", V=Name.Yes, AS=Name.Yes, rect=BOX, MK=Dictionary(CA=String("H"))),
        [["★"]],
    ),
    "no state but a value": (lambda it: it.field("Btn", V=Name.Yes, rect=BOX, AP=drawn(it)), [["✔"]]),
    "off": (lambda it: it.field("Btn", V=Name.Off, AS=Name.Off, rect=BOX, AP=lettered(it)), []),
    "a radio button": (lambda it: it.field("Btn", V=Name.b, AS=Name.b, Ff=RADIO, rect=BOX), [["●"]]),
    "another radio button": (lambda it: it.field("Btn", V=Name.b, AS=Name.Off, Ff=RADIO, rect=BOX), []),
    "a push button": (lambda it: it.field("Btn", Ff=PUSH_BUTTON, MK=Dictionary(CA=String("Send"))), [["Send"]]),
    "a signature": (lambda it: it.field("Sig", AP=it.appearance("Signed by Anna Weber")), [["Signed by Anna Weber"]]),
}


@pytest.mark.parametrize("name", TEXT_FIELDS)
def test_a_text_field_shows_its_value(tmp_path: Path, name: str) -> None:
    draw, expected = TEXT_FIELDS[name]

    assert annotations(tmp_path, draw) == expected


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_shows_the_text_of_its_options(tmp_path: Path, name: str) -> None:
    draw, expected = CHOICES[name]

    assert annotations(tmp_path, draw) == expected


@pytest.mark.parametrize("name", BUTTONS)
def test_a_button_shows_its_mark(tmp_path: Path, name: str) -> None:
    draw, expected = BUTTONS[name]

    assert annotations(tmp_path, draw) == expected


@pytest.mark.parametrize(
    ("flags", "expected"),
    [(0, [["Anna Weber"]]), (PRINT, [["Anna Weber"]]), (HIDDEN, []), (NO_VIEW | PRINT, [])],
    ids=["on a screen only", "usual", "hidden", "on paper only"],
)
def test_a_field_is_shown_as_on_a_screen(tmp_path: Path, flags: int, expected: list[list[str]]) -> None:
    assert annotations(tmp_path, lambda it: it.field("Tx", V="Anna Weber", F=flags)) == expected


@pytest.mark.parametrize("rect", [(-300, 600, -72, 620), (72, 900, 372, 920), (0, 0, 0, 0)])
def test_a_field_that_nobody_can_see_is_not_there(tmp_path: Path, rect: tuple[float, ...]) -> None:
    assert annotations(tmp_path, lambda it: it.field("Tx", V="Anna Weber", rect=rect)) == []


def test_fields_that_stand_side_by_side_are_told_apart(tmp_path: Path) -> None:
    def draw(made: AnnotatedPdf) -> None:
        for left, text in ((72, "Anna"), (172, "Weber"), (272, "Bad Neustadt")):
            made.field("Tx", V=text, AP=made.appearance(text), rect=(left, 600, left + 90, 620))

    assert annotations(tmp_path, draw) == [["Anna"], ["Weber"], ["Bad Neustadt"]]


def test_fields_of_the_same_value_are_all_there(tmp_path: Path) -> None:
    def draw(made: AnnotatedPdf) -> None:
        for row in range(3):
            made.field("Tx", V="yes", AP=made.appearance("yes"), rect=(72, 600 - 30 * row, 372, 620 - 30 * row))
            made.field("Btn", V=Name.Yes, AS=Name.Yes, rect=(400, 600 - 30 * row, 414, 614 - 30 * row))

    assert annotations(tmp_path, draw) == [["yes"], ["✔"]] * 3


@pytest.mark.parametrize("content", ["q 0.1 0 0 0.1 0 0 cm", "Q Q q 0.1 0 0 0.1 0 0 cm", "Q 9 0 0 9 0 0 cm"])
def test_a_page_that_leaves_its_graphics_state_open_moves_no_field(tmp_path: Path, content: str) -> None:
    made = AnnotatedPdf("A page of its own.")
    made.draw(content)
    made.field("Tx", V="Anna Weber", AP=made.appearance("Anna Weber"))
    copied(made.save(tmp_path / "a.pdf"), tmp_path)

    with pikepdf.open(tmp_path / "part.pdf") as pdf:
        drawn = [ctm for name, ctm in pikepdf.get_objects_with_ctm(pdf.pages[0]) if name == "/PdfJobForm0"]
    assert [matrix.shorthand for matrix in drawn] == [(1, 0, 0, 1, 72, 600)]


def test_a_page_that_has_only_a_form_is_not_empty(tmp_path: Path) -> None:
    made = AnnotatedPdf("", "", "")
    made.field("Tx", V="Anna Weber")
    made.annotate("Stamp", page=2, AP=Dictionary(N=made.drawing("0 0 300 20 re f")))

    pages = copied(made.save(tmp_path / "a.pdf"), tmp_path)

    assert [page.state for page in pages] == [PageState.OK, PageState.NO_TEXT, PageState.EMPTY]


def test_a_form_of_another_program_is_read(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"), invariant=True)
    canvas.drawString(72, 760, "An application.")
    form = canvas.acroForm
    form.textfield(value="Anna Weber", x=72, y=700, width=200, height=20)
    form.choice(value="Germany", options=["England", "Germany"], x=72, y=660, width=200, height=20)
    form.listbox(value="Pears", options=["Apples", "Pears"], x=72, y=580, width=200, height=60)
    form.checkbox(checked=True, x=72, y=540)
    form.checkbox(checked=False, x=72, y=500)
    for value in ("a", "b"):
        form.radio(name="r", value=value, selected=value == "b", x=72 if value == "a" else 100, y=460)
    canvas.save()

    (page,) = copied(tmp_path / "a.pdf", tmp_path)

    assert page.lines == ["An application."]
    assert page.annotations == [["Anna Weber"], ["Germany"], ["Apples"], ["Pears"], ["✔"], ["●"]]
