"""Layers that are off when a viewer opens a file are not in a copied page, and those that are on are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name

from pdf_files.annotated import AnnotatedPdf
from pdf_files.copied_pages import copied


def shown(text: str, x: int = 72, y: int = 600) -> str:
    return f"BT /F1 12 Tf {x} {y} Td ({text}) Tj ET "


def marked(name: str, content: str) -> str:
    return f"/OC /{name} BDC {content} EMC "


def sequences(made: AnnotatedPdf) -> None:
    groups = {"On": made.layer("on"), "Off": made.layer("off", is_off=True)}
    made.draw(marked("Off", shown("Hidden.")) + marked("On", shown("Shown.", y=500)), properties=groups)


def nested_sequences(made: AnnotatedPdf) -> None:
    groups = {"On": made.layer("on"), "Off": made.layer("off", is_off=True)}
    inner = "/Span BMC " + marked("On", shown("Hidden.")) + "EMC "
    made.draw(marked("Off", inner + shown("Hidden too.", y=550)) + shown("Shown.", y=500), properties=groups)


def memberships(made: AnnotatedPdf) -> None:
    off = made.layer("off", is_off=True)
    groups = {
        "M1": Dictionary(Type=Name.OCMD, OCGs=Array([made.layer("on"), off]), P=Name.AllOn),
        "M2": Dictionary(Type=Name.OCMD, OCGs=off, P=Name.AllOff),
    }
    made.draw(marked("M1", shown("Hidden.")) + marked("M2", shown("Shown.", y=500)), properties=groups)


def forms(made: AnnotatedPdf) -> None:
    box = (0, 0, 595, 842)
    off = made.layer("off", is_off=True)
    inner = made.drawing(marked("L", shown("Hidden in a form.", y=550)) + shown("Shown.", y=500), box=box)
    inner.Resources.Properties = Dictionary(L=off)
    made.draw("q /X1 Do Q /X2 Do ", xobjects={"X1": made.drawing(shown("Hidden."), box=box, OC=off), "X2": inner})


def inherited_resources(made: AnnotatedPdf) -> None:
    sequences(made)
    page = made.pdf.pages[0].obj
    made.pdf.Root.Pages.Resources = page.Resources
    del page["/Resources"]


def several_streams(made: AnnotatedPdf) -> None:
    made.draw("/OC /Off BDC ", properties={"Off": made.layer("off", is_off=True)})
    made.draw(shown("Hidden."))
    made.draw("EMC " + shown("Shown.", y=500))


def inline_images(made: AnnotatedPdf) -> None:
    picture = "BI /W 2 /H 1 /BPC 8 /CS /G ID \x00E EI "
    off = {"Off": made.layer("off", is_off=True)}
    made.draw(marked("Off", picture + shown("Hidden.")) + shown("Shown.", y=500), properties=off)


def annotations(made: AnnotatedPdf) -> None:
    off = made.layer("off", is_off=True)
    made.field("Tx", V="Hidden.", OC=off)
    made.annotate("Stamp", OC=off, AP=made.appearance("Hidden."), Contents="Hidden.")
    hidden = made.appearance("Hidden.")
    hidden.N.OC = off
    made.annotate("Stamp", AP=hidden)
    within = made.appearance("Hidden.")
    within.N.write(marked("L", shown("Hidden.", 2, 5)).encode())
    within.N.Resources.Properties = Dictionary(L=off)
    made.annotate("Stamp", AP=within)
    made.draw(shown("Shown.", y=500))


@pytest.mark.parametrize(
    "draw",
    [sequences, nested_sequences, memberships, forms, inherited_resources, several_streams, inline_images, annotations],
    ids=lambda draw: draw.__name__,
)
def test_what_is_off_is_not_there(tmp_path: Path, draw: Callable[[AnnotatedPdf], Any]) -> None:
    made = AnnotatedPdf("A page.")
    draw(made)

    (page,) = copied(made.save(tmp_path / "a.pdf"), tmp_path)

    assert page.lines == ["A page.", "Shown."]
    assert page.annotations == []


def test_only_marks_are_removed_and_not_the_state(tmp_path: Path) -> None:
    made = AnnotatedPdf("A page.")
    hidden = "1 0 0 1 0 100 cm 0 0 50 50 re f BT /F1 12 Tf 72 300 Td 14 TL (Hidden.) ' ET"
    properties = {"Off": made.layer("off", is_off=True)}
    made.draw(marked("Off", hidden) + "BT 72 300 Td (Shown.) Tj ET", properties=properties)

    (page,) = copied(made.save(tmp_path / "a.pdf"), tmp_path)

    assert page.lines == ["A page.", "Shown."]
    with pypdfium2.PdfDocument(tmp_path / "part.pdf") as document:
        read = document[0]
        text = read.get_textpage()
        left, bottom, _, _ = text.get_charbox(text.get_text_range().index("Shown"))
        assert (left, bottom) == pytest.approx((73, 400), abs=2)
        assert read.render(grayscale=True).to_pil().crop((0, 692, 50, 742)).getextrema() == (255, 255)


def test_a_page_with_nothing_but_hidden_text_shows_nothing(tmp_path: Path) -> None:
    made = AnnotatedPdf("")
    made.draw(marked("Off", shown("Hidden.")), properties={"Off": made.layer("off", is_off=True)})

    (page,) = copied(made.save(tmp_path / "a.pdf"), tmp_path)

    assert page.lines == []


def test_content_of_a_document_whose_layers_are_on_is_copied_as_it_is(tmp_path: Path) -> None:
    made = AnnotatedPdf("A page.")
    made.draw(marked("On", shown("Shown.", y=500)), properties={"On": made.layer("on")})
    source = made.save(tmp_path / "a.pdf")

    (page,) = copied(source, tmp_path)

    assert page.lines == ["A page.", "Shown."]
    with pikepdf.open(source) as before, pikepdf.open(tmp_path / "part.pdf") as after:
        assert [it.read_bytes() for it in after.pages[0].Contents] == [
            it.read_bytes() for it in before.pages[0].Contents
        ]
