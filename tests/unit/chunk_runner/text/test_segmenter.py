import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chunk_runner.text import segmenter


def cut(text: str, language: str) -> list[str]:
    places = segmenter.sentence_starts(text, language)
    return [text[begin:end].strip() for begin, end in zip([0, *places], [*places, len(text)], strict=True)]


# Each line is a text of whole sentences, with | where one ends.
ENGLISH = [
    "Dr. Smith met Mr. J. R. R. Tolkien at 5 p.m. on Monday.|He left.",
    "See Fig. 3 and Sec. 4.|It cost $3.14, e.g. less than 1,200.|Really?|Yes!",
    "The U.S. Army left.|St. Paul's is there, cf. vol. 2, pp. 12-15.",
    "He waited…|Then he left.|She waited... and left.",
    "“No!” he said.|“Go.|Now.” She left.".replace(".” She", ".”|She"),
    "(Nobody came.)|The lamp was lit.",
    "So do I.|Then he left.",
    "1. Introduction.|The lamp, the log (see p. 3), etc.|Nothing else.",
    "The end.1|It began again.[12]|“Why?”3|He left.",
]
FRENCH = [
    "M. Dupont et Mme Martin arrivèrent.|« Non ! » dit-il.|« Jamais !|Partez. »|Il sortit.",
    "— Vous venez ? demanda M. de Rênal.|— Oui, répondit-elle…|Et puis elle rit.",
    "Voir p. 12, art. 3.|J.-P. Sartre naquit en 1905, c.-à-d. tard.|Il en a 3,14, etc.|La suite.",
    "Le Dr. Rieux et MM. Durand et Cie. l'attendaient.|Voir l'art. 5 de la loi.",
    "Il partit.1|Elle resta.²|Quelle nuit !3|La fin. »4|« Attendez… », dit-elle.",
]
GERMAN = [
    "Dr. Müller kam am 3. Mai 1871 um 5 Uhr.|Das ist z. B. gut, d. h. ca. 5 km.",
    "„Nein!“ sagte er.|„Geh.|Jetzt.“|Sie ging in den 2. Stock.|Das war 1999.|Dann kam er.",
    "Vgl. Abb. 3, S. 12, Nr. 7 usw.|Die Lampe brannte.|„Warum?“14|Der Hafen lag still.",
]
SPANISH = [
    "El Sr. García y la Sra. López llegaron.|¿Qué?|¡No!|Dijo: «Vete.|Ahora.»|Se fue.",
    "EE. UU. es grande.|El núm. 5, pág. 12, vive.|Ud. lo sabe.|Vino Dña. Carmen.",
]
ITALIAN = [
    "Il sig. Rossi e la sig.ra Bianchi arrivarono.|Il dott. Verdi disse: «No!|Vai.»|Poi uscì.",
    "Vedi pag. 12, n. 7.|S. Pietro è qui.|L'art. 5 dice, ecc.|Fine.",
]


@pytest.mark.parametrize(
    ("language", "marked"),
    [
        (language, text)
        for language, texts in {
            "en": ENGLISH,
            "fr": FRENCH,
            "de": GERMAN,
            "es": SPANISH,
            "it": ITALIAN,
        }.items()
        for text in texts
    ],
)
def test_sentences_end_where_a_reader_ends_them(language: str, marked: str) -> None:
    wanted = marked.split("|")

    assert cut(" ".join(wanted), language) == wanted


@pytest.mark.parametrize("text", [".5 and more", "”12", "5", "?", "…", "(.)", '"', "A", "1. ", "« »", ") (", "\u00ad"])
def test_scraps_are_cut_without_an_error(text: str) -> None:
    assert cut(text, "en") == [text.strip()]


@pytest.mark.parametrize("piece", ["a. ", "A. ", "M. ", "1. ", "!", "(", ").", "“", "« ", "...", "a-", "x", "(a. "])
def test_text_that_is_made_to_be_slow_is_cut_all_the_same(piece: str) -> None:
    text = f"!{piece * (300_000 // len(piece))}a)"  # what grows with the square of this would take an hour

    assert segmenter.may_end_sentence(text) is False
    assert "".join(cut(text, "fr")).replace(" ", "") == text.replace(" ", "")


@given(st.text(st.sampled_from("aB1 .!?…»«”“\"()[]-—’'²"), max_size=40), st.sampled_from(["en", "fr", "de"]))
@example(text="  . B", language="en")
def test_nothing_is_lost_whatever_the_text(text: str, language: str) -> None:
    places = segmenter.sentence_starts(text, language)

    assert places == sorted(set(places))
    assert all(0 < place < len(text) for place in places)


@pytest.mark.parametrize(
    ("line", "may"),
    [
        ("He left.", True),
        ("he left.”", True),
        ("« Partez ! »", True),
        ("The end.1", True),
        ("The end.[12]", True),
        ("in the year 1871", False),
        ("and then he", False),
        ("well-", False),
        ("said:", False),
    ],
)
def test_most_lines_cannot_end_a_sentence(line: str, *, may: bool) -> None:
    assert segmenter.may_end_sentence(line) is may
