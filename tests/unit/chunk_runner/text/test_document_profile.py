import json

import pytest

from chunk_runner.pdf.page import Page, PageRef, PageState
from chunk_runner.text.document_profile import DocumentProfile, build_profile, choose_sample, sample_warnings
from chunk_runner.text.layout.learning import Layout
from chunk_runner.text.layout.running_lines.bands import Band
from chunk_runner.text.layout.running_lines.line_numbers import NumberColumn
from unit.chunk_runner.text.pages import make_page


def page_of(*lines: str, number: int = 1) -> Page:
    return Page(PageRef(number, number), PageState.OK, list(lines))


def book_page(number: int) -> Page:
    """A page with a header and a body that differs from page to page."""
    return make_page(
        (f"The Log {number}", 60, 760),
        *((f"{'abcdefgh'[at]} {number * 37}", 60, 720 - 14 * at) for at in range(8)),
        number=number,
    )


def test_a_profile_survives_the_manifest() -> None:
    profile = build_profile([book_page(number) for number in range(1, 13)], "fr", keeps_running_lines=True)

    assert profile.layout.bands
    assert profile.layout.keeps_running_lines
    assert DocumentProfile.load(profile.dump()) == profile
    assert profile.language == "fr"
    layout = Layout(
        1,
        2,
        3,
        (Band(top=True, bottom=4, texts=frozenset("a"), counts=frozenset({(1, -2)})),),
        (NumberColumn(40.5, is_left=True, size=8, step=5),),
    )
    assert Layout.load(json.loads(json.dumps(layout.dump()))) == layout


@pytest.mark.parametrize("pages", [1, 31, 32, 33, 500, 10_000])
def test_the_sample_is_runs_of_pages_spread_over_the_document(pages: int) -> None:
    chosen = choose_sample(range(1, pages + 1))

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
def test_the_language_is_detected(language: str, text: str) -> None:
    assert build_profile([page_of(*[text] * 3)], None).language == language


def test_english_is_assumed_if_no_language_is_detected() -> None:
    assert build_profile([page_of("1871 17 4")], None).language == "en"


def test_a_text_layer_that_is_no_language_is_named_with_what_to_do() -> None:
    garbled = "7KH PLOOHU GHVFULEHG KHU MRXUQH\\ WR WKH VHD DQG QRERG\\ LQ WKH YLOODJH EHOLHYHG D ZRUG RI LW"
    readable = "The miller described her journey to the sea and nobody in the village believed a word of it"

    (warning,) = sample_warnings([page_of(*[garbled] * 10, number=number) for number in range(1, 5)])

    assert "unreadable" in warning
    assert "--processor gemini" in warning
    assert sample_warnings([page_of(*[readable] * 10)]) == []
    assert sample_warnings([page_of(garbled)]) == []
    assert sample_warnings([]) == []
