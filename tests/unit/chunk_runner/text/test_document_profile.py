from array import array
from collections.abc import Iterable

import pytest

from chunk_runner.pdf.page import Page, PageRef, PageState
from chunk_runner.text.document_profile import DocumentProfile, build_profile, choose_sample
from chunk_runner.text.layout import Layout
from chunk_runner.text.running_headers import Band


def page_of(*lines: str, number: int = 1, boxes: Iterable[float] = ()) -> Page:
    return Page(PageRef(number, number), PageState.OK, list(lines), array("f", boxes))


def book_page(number: int) -> Page:
    """A page with a header and a body that differs from page to page."""
    boxes = [60, 760, 770]
    for at in range(8):
        boxes.extend((60, 720 - 14 * at, 730 - 14 * at))
    return page_of(
        f"The Log {number}", *(f"{'abcdefgh'[at]} {number * 37}" for at in range(8)), number=number, boxes=boxes
    )


def test_a_profile_survives_the_manifest() -> None:
    profile = build_profile([book_page(number) for number in range(1, 13)], "fr", keeps_running_lines=True)

    assert profile.layout.bands
    assert profile.layout.keeps_running_lines
    assert DocumentProfile.load(profile.dump()) == profile
    assert profile.language == "fr"
    assert Layout.load(Layout(1, 2, 3, (Band(top=True, bottom=4, texts=frozenset({"a"})),)).dump()).bands[
        0
    ].texts == frozenset({"a"})


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
