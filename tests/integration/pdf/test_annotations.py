"""Notes, stamps and text boxes, as a viewer shows them, are text of a copied page, and nothing else travels with it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name, String

from chunk_runner.pdf.splitter import PartOutcome
from pdf_files.annotated import HIDDEN, NO_VIEW, PRINT, AnnotatedPdf
from pdf_files.copied_pages import copied, copy_all


Draw = Callable[[AnnotatedPdf], Any]

PAGE = "It was late when the old ferry left the harbour."
ICON = (500, 750, 520, 770)


def annotations(tmp_path: Path, draw: Draw, *, turned: int = 0) -> list[list[str]]:
    """The text of the annotations of a page, which does not change that of the page."""
    made = AnnotatedPdf(PAGE)
    made.pdf.pages[0].obj.Rotate = turned
    draw(made)
    (page,) = copied(made.save(tmp_path / "a.pdf"), tmp_path)
    assert page.lines == [PAGE]
    return page.annotations


def replied(made: AnnotatedPdf, flags: int) -> None:
    """A note with these flags and a reply, whose icon is hidden."""
    note = made.annotate("Text", Contents="Is this right?", rect=ICON, F=flags)
    made.annotate("Text", Contents="It is.", rect=ICON, F=HIDDEN, IRT=note)


SHOWN: dict[str, tuple[Draw, list[list[str]]]] = {
    "a text box": (
        lambda it: it.annotate("FreeText", Contents="Ask Anna first.", DA="/Helv 10 Tf"),
        [["Ask Anna first."]],
    ),
    "a text box with an appearance": (
        lambda it: it.annotate("FreeText", Contents="Ask Anna first.", AP=it.appearance("Ask Anna first.")),
        [["Ask Anna first."]],
    ),
    "a text box that is only drawn": (
        lambda it: it.annotate("FreeText", Contents="Ask.", AP=Dictionary(N=it.drawing("0 0 300 20 re S"))),
        [["Ask."]],
    ),
    "a text box of rich text": (
        lambda it: it.annotate(
            "FreeText", RC="<body><p>Ask <b>Anna</b>.</p><p>Then go.</p></body>", rect=(72, 500, 300, 600)
        ),
        [["Ask Anna.", "Then go."]],
    ),
    "a text box on half of the page": (
        lambda it: it.annotate("FreeText", Contents="Ask Anna first.", rect=(-9e5, 300, 9e5, 700)),
        [["Ask Anna first."]],
    ),
    "a stamp": (lambda it: it.annotate("Stamp", AP=it.appearance("PAID")), [["PAID"]]),
    "a stamp by name": (lambda it: it.annotate("Stamp", Name=Name.NotApproved), [["NOT APPROVED"]]),
    "a stamp with a comment": (
        lambda it: it.annotate("Stamp", AP=it.appearance("PAID"), Contents="By Anna Weber"),
        [["PAID"], ["By Anna Weber"]],
    ),
    "a watermark": (lambda it: it.annotate("Watermark", AP=it.appearance("DRAFT")), [["DRAFT"]]),
    "a note": (lambda it: it.annotate("Text", Contents="Ask Anna. Then go.", rect=ICON), [["Ask Anna. Then go."]]),
    "a long note": (
        lambda it: it.annotate("Text", Contents="Ask Anna whether she grows beans and tomatoes.\rThen go.", rect=ICON),
        [["Ask Anna whether she grows beans and", "tomatoes.", "Then go."]],
    ),
    "a note in Greek": (lambda it: it.annotate("Text", Contents="Ρώτα την Άννα", rect=ICON), [["Ρώτα την Άννα"]]),
    "a comment on a highlight": (
        lambda it: it.annotate(
            "Highlight", Contents="Is this right?", QuadPoints=Array([72, 770, 300, 770, 72, 750, 300, 750])
        ),
        [["Is this right?"]],
    ),
    "a comment on a drawing": (lambda it: it.annotate("Square", Contents="Is this right?"), [["Is this right?"]]),
    "a reply": (lambda it: replied(it, PRINT), [["Is this right?"], ["It is."]]),
    "a kind that nobody knows": (lambda it: it.annotate("Unknown", AP=it.appearance("Ask Anna.")), [["Ask Anna."]]),
}

NOT_SHOWN: dict[str, Draw] = {
    "a highlight": lambda it: it.annotate("Highlight", AP=Dictionary(N=it.drawing("1 1 0 rg 0 0 300 20 re f"))),
    "a highlight with a copy of its words": lambda it: it.annotate("Highlight", Contents="the old\rferry left"),
    "a link": lambda it: it.annotate("Link", A=Dictionary(S=Name.URI, URI=String("https://example.org/"))),
    "an underline": lambda it: it.annotate("Underline", T="Anna Weber"),
    "a popup window": lambda it: it.annotate("Popup", Contents="Ask Anna.", AP=it.appearance("Ask Anna.")),
    "a hidden note": lambda it: it.annotate("Text", Contents="Ask Anna.", F=HIDDEN),
    "a stamp for paper": lambda it: it.annotate("Stamp", AP=it.appearance("PAID"), F=PRINT | NO_VIEW),
    "an invisible annotation of another kind": lambda it: it.annotate("Unknown", AP=it.appearance("Ask."), F=1),
    "what a reviewer thinks of a note": lambda it: it.annotate(
        "Text", Contents="Accepted set by Anna", StateModel="Review", State="Accepted"
    ),
    "a reply to a hidden note": lambda it: replied(it, HIDDEN),
    "a stamp that viewers do not know": lambda it: it.annotate("Stamp", Name=Name.Custom),
    "an attached file": lambda it: it.annotate("FileAttachment", FS=Dictionary(F=String("a.txt"))),
}


@pytest.mark.parametrize("name", SHOWN)
def test_what_a_viewer_shows_is_text(tmp_path: Path, name: str) -> None:
    draw, expected = SHOWN[name]

    assert annotations(tmp_path, draw) == expected


@pytest.mark.parametrize("name", NOT_SHOWN)
def test_what_a_viewer_does_not_show_is_no_text(tmp_path: Path, name: str) -> None:
    assert annotations(tmp_path, NOT_SHOWN[name]) == []


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_notes_stand_to_the_right_of_the_page_as_it_is_displayed(tmp_path: Path, turned: int) -> None:
    def draw(made: AnnotatedPdf) -> None:
        made.pdf.pages[0].obj.CropBox = Array([10, 20, 585, 822])
        made.annotate("Text", Contents="Ask Anna first.", rect=ICON)

    assert annotations(tmp_path, draw, turned=turned) == [["Ask Anna first."]]

    width, height = (575, 802) if turned % 180 == 0 else (802, 575)
    with pypdfium2.PdfDocument(tmp_path / "part.pdf") as document:
        page = document[0]
        assert page.get_height() == pytest.approx(height, abs=0.1)
        assert width + 100 < page.get_width() < width + 300
        picture = page.render(grayscale=True).to_pil()
    assert picture.crop((0, 0, width, height)).getextrema()[0] < 128
    assert picture.crop((width, 0, width + 100, 50)).getextrema()[0] < 128


def test_notes_that_fill_a_page_are_set_in_several_panes(tmp_path: Path) -> None:
    note = " ".join(f"Word number {number}." for number in range(900))

    (lines,) = annotations(tmp_path, lambda it: it.annotate("Text", Contents=note, rect=ICON))

    assert " ".join(lines) == note


def test_text_that_is_too_long_to_be_drawn_is_reported(tmp_path: Path) -> None:
    made = AnnotatedPdf(PAGE, PAGE)
    made.annotate("Text", page=2, Contents="Ask Anna first. " * 2000, rect=ICON)

    assert copy_all(made.save(tmp_path / "a.pdf"), tmp_path) == PartOutcome(incomplete_pages=frozenset({2}))


def test_no_script_action_or_attachment_travels_with_an_annotation(tmp_path: Path) -> None:
    made = AnnotatedPdf(PAGE)
    script = Dictionary(S=Name.JavaScript, JS=String("MARKER-SCRIPT"))
    attached = Dictionary(Type=Name.Filespec, EF=Dictionary(F=made.pdf.make_stream(b"MARKER-ATTACHED")))
    look = made.appearance("Ask Anna.")
    look.N.AA = Dictionary(O=script)
    look.N.PieceInfo = Dictionary(X=Dictionary(Private=String("MARKER-PRIVATE")))
    look.N.Ref = Dictionary(F=attached)
    made.annotate("FreeText", AP=look, A=script, AA=Dictionary(E=script))
    made.annotate("FileAttachment", FS=attached, AP=made.appearance("A file."))
    made.annotate("Screen", A=Dictionary(S=Name.Rendition, R=attached, JS=script.JS), AP=made.appearance("A film."))
    made.field("Tx", V="Anna Weber", AA=Dictionary(K=script), A=script)

    (page,) = copied(made.save(tmp_path / "a.pdf"), tmp_path)

    assert page.annotations == [["Ask Anna."], ["A file."], ["A film."], ["Anna Weber"]]
    with pikepdf.open(tmp_path / "part.pdf") as pdf:
        assert "/AcroForm" not in pdf.Root
        for it in pdf.objects:
            data = it.stream_dict.unparse() + it.read_bytes() if isinstance(it, pikepdf.Stream) else it.unparse()
            assert b"MARKER" not in data
            assert b"/Annot" not in data
