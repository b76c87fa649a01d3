"""A model is sent what a viewer shows: with values, notes and stamps, and without hidden layers."""

import pytest

from integration.gemini.book import output, spec, texts
from pdf_files.annotated import AnnotatedPdf
from processes.pods import Pods
from tools.fake_gemini.server import GeminiServer


PAGES = ["The first page.", "The second page.", "The third page."]

VALUES = ["Anna Weber", "Анна Вебер", "She would like to grow beans."]


def filled() -> AnnotatedPdf:
    """Three pages, each with a value or note, and one that has nothing but these."""
    made = AnnotatedPdf(*PAGES, "")
    made.field("Tx", page=1, V=VALUES[0], AP=made.appearance(VALUES[0]))
    made.field("Tx", page=2, V=VALUES[1])
    made.annotate("Text", page=3, Contents=VALUES[2], rect=(500, 750, 520, 770))
    for at, value in enumerate(VALUES):
        made.field("Tx", page=4, V=value, rect=(72, 600 - 30 * at, 372, 620 - 30 * at))
    return made


@pytest.mark.parametrize("sent", ["pdf", "text"])
def test_what_a_viewer_shows_is_sent(pods: Pods, server: GeminiServer, sent: str) -> None:
    filled().save(pods.volume / "book.pdf")

    pods.prepare(spec(input=sent))

    (request,) = server.log()
    pages = request["page_texts"]
    assert pages[:3] == [f"{page} {value}" for page, value in zip(PAGES, VALUES, strict=True)]
    assert pages[3] == " ".join(VALUES)
    assert output(pods)["ledger"]["ok"] == "1-4"


def test_a_page_that_has_only_a_form_is_asked_for(pods: Pods, server: GeminiServer) -> None:
    made = AnnotatedPdf("")
    made.field("Tx", V=VALUES[2])
    made.save(pods.volume / "book.pdf")

    pods.prepare(spec())

    (request,) = server.log()
    assert request["page_texts"] == [VALUES[2]]
    assert texts(pods) == [VALUES[2]]


def test_hidden_layers_are_not_sent(pods: Pods, server: GeminiServer) -> None:
    made = AnnotatedPdf(*PAGES)
    groups = {"On": made.layer("on"), "Off": made.layer("off", is_off=True)}
    for name in groups:
        made.draw(f"/OC /{name} BDC BT /F1 12 Tf 72 600 Td (It is {name}.) Tj ET EMC", page=2, properties=groups)
    made.field("Tx", page=3, V="Hidden.", OC=groups["Off"])
    made.save(pods.volume / "book.pdf")

    pods.prepare(spec())

    (request,) = server.log()
    assert request["page_texts"] == [PAGES[0], f"{PAGES[1]} It is On.", PAGES[2]]
