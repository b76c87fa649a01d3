import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chunk_runner.text.sentences import segmenter


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
    "We, Smith v. Jones, 123 F. Supp. 2d 45 (D. Mass. 1999), say that Sec. 5 and Art. 12 do not apply.|It ends.",
    "See id. at 7; cf. Fed. R. Civ. P. 12(b) and 28 U.S.C. Sec. 1331.|Id. at 5.|Roe v. Wade, 410 U.S. 113 (1973).",
    "Acme, Inc. v. Widget Corp., No. 12-345 (N.D. Cal. Mar. 3, 2014).|See Pub. L. No. 94, 90 Stat. 2541, and 12 C.F.R.",
    "Smith et al. (2010) found it (see Refs. 3, eqs. (5) and Tab. 7).|She lives in St. Louis, Mo.|It weighs 5 lbs.",
    "I live in the U.S.|How about you?|I work for the U.S. Government.|She holds a Ph.D. in law.",
    "He said no.|Then he left.|It is modern art.|He felt ill.|Nobody came in Dec.|The rain fell on Dec. 12, no. 5.",
    "Ask Jane and co.|They know.|Pitt & Co. Ltd. closed it.|You and I.|Did Albert I. Jones see Plan B.|The end.",
    "He left (so he said.) and came.|The lamp was lit.|Visit a.example.com.|It is there.",
]
ENGLISH_LISTS = [
    "(1) The tenant pays on the first.|He pays in advance.|(2) The landlord keeps it.|He comes once.",
    "• The tenant pays on the first.|He pays in advance.|• He is told so.",
    "➢ The tenant pays.|He comes.",
    "a) The tenant pays.|He pays.|b) the landlord comes.|c) he goes.",
    "1.) The first item|2.) The second item",
    "1. The first item.|He pays.|2. The second item.",
    "• 9. The first item|• 10. The second item",
    "a. The first item|b. The second item",
    "§ 3. The tenant pays on the first.|He pays.|§ 4. More follows.",
    "[1] The tenant.|He pays.|1. 5. 2010 was a day.",
]
FRENCH = [
    "M. Dupont et Mme Martin arrivèrent.|« Non ! » dit-il.|« Jamais !|Partez. »|Il sortit.",
    "— Vous venez ? demanda M. de Rênal.|— Oui, répondit-elle…|Et puis elle rit.",
    "Voir p. 12, art. 3.|J.-P. Sartre naquit en 1905, c.-à-d. tard.|Il en a 3,14, etc.|La suite.",
    "Le Dr. Rieux et MM. Durand et Cie. l'attendaient.|Voir l'art. 5 de la loi.",
    "Il partit.1|Elle resta.²|Quelle nuit !3|La fin. »4|« Attendez… », dit-elle.",
    "Renault et Cie. Paris et J. Le Goff.|Le no. 5, art. 3, de l'art.|Le musée de la Sté. Dupont.",
]
GERMAN = [
    "Dr. Müller kam am 3. Mai 1871 um 5 Uhr.|Das ist z. B. gut, d. h. ca. 5 km.",
    "„Nein!“ sagte er.|„Geh.|Jetzt.“|Sie ging in den 2. Stock.|Das war 1999.|‚Nein‘, sagte er.",
    "Vgl. Abb. 3, S. 12, Nr. 7 usw.|Die Lampe brannte.|„Warum?“14|Der Hafen lag still.",
    "Das steht auf der Seite 4.|Niemand wohnt darin.|Zzgl. MwSt. kostet es 5 Euro.|Es waren noch 12.|Dann kamen Leute.",
    "Ludwig XIV. und Papst Johannes XXIII. Roncalli.|Am 12. Mai, im 19. Jahrhundert.|Unter Ludwig XIV.|Die Armee.",
    "BGH, Urt. v. 3. 5. 2010, NJW 2010, 1234 Rn. 12 ff.|Das gilt gem. § 433 Abs. 1 S. 1 BGB i. V. m. Art. 3 Abs. 3 GG.",
    "Die Fa. Meier & Co. KG, Dipl.-Ing. Schulz, geb. 1950 in Frankfurt a. M.|Der Zug fährt um 8.|Er kommt am 11. an.",
    "Das steht auf Seite 12.|Häuser brannten.|Der 3. Band, inkl. Karten, ggf. 5 Mio. Euro.|Von dieser Art.|Art. 5.",
]
SPANISH = [
    "El Sr. García y la Sra. López llegaron.|¿Qué?|¡No!|Dijo: «Vete.|Ahora.»|Se fue.",
    "EE. UU. es grande.|El núm. 5, pág. 12, vive.|Ud. lo sabe.|Vino Dña. Carmen.",
]
ITALIAN = [
    "Il sig. Rossi e la sig.ra Bianchi arrivarono.|Il dott. Verdi disse: «No!|Vai.»|Poi uscì.",
    "Vedi pag. 12, n. 7.|S. Pietro è qui.|L'art. 5 dice, ecc.|Fine.",
]
DUTCH = [
    "Mevr. Bakker en dhr. Smit kwamen o.a. om nr. 5, blz. 12, m.b.t. de haven.|Daarna kwam prof. dr. Jansen.",
    "Dhr. P. Jansen, drs. De Boer en ir. Van Dam, art. 6:162 lid 1 BW jo. art. 5.|Hij woont op nr. 12.|Zij niet.",
    "Brood, kaas, enz.|De rest, d.w.z. alles, bijv. Jan, is weg.|De N.V. Haven, incl. Delft.",
]
OTHERS = {
    "ar": "أين ذهب؟|لا أحد يعرف.|قال د. أحمد نعم.",
    "ur": "وہ گھر گیا۔|وہ خوش تھا۔",
    "hi": "राम घर गया।|वह खुश था।|डॉ. राम आए।",
    "am": "እሱ ሄደ።|እሷ መጣች።",
    "my": "သူသွားသည်။|သူပြန်လာသည်။",
    "km": "គាត់ទៅ។|គាត់មក។",
    "hy": "Նա գնաց։|Նա եկավ։",
    "el": "Πού πήγε;|Δεν ξέρω.",
    "ko": "네.|알았다.|그래.",
    "vi": "Anh đi học.|Ấy là điều tốt.|Ẩn mình.",
}
WITHOUT_SPACES = {
    "zh": "他去学校了。|“今天天气真好！”|老师说。|‘是吗？’|（注）他走了。|【一】他来了。|《书》在这里。",
    "ja": "彼は言った。|「こんにちは。」と言った。|「寒い。」|彼女は笑った。|『はい。』",
}


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
            "nl": DUTCH,
        }.items()
        for text in texts
    ],
)
def test_sentences_end_where_a_reader_ends_them(language: str, marked: str) -> None:
    wanted = marked.split("|")

    assert cut(" ".join(wanted), language) == wanted


@pytest.mark.parametrize("marked", ENGLISH_LISTS)
def test_the_marker_of_an_item_stays_with_it_and_its_sentences_are_cut(marked: str) -> None:
    wanted = marked.split("|")

    assert cut(" ".join(wanted), "en") == wanted


@pytest.mark.parametrize("language", OTHERS)
def test_every_script_has_its_own_full_stops(language: str) -> None:
    wanted = OTHERS[language].split("|")

    assert cut(" ".join(wanted), language) == wanted


@pytest.mark.parametrize("language", WITHOUT_SPACES)
def test_an_opening_mark_belongs_to_the_next_sentence_even_without_a_space(language: str) -> None:
    wanted = WITHOUT_SPACES[language].split("|")

    assert cut("".join(wanted), language) == wanted


@pytest.mark.parametrize("text", [".5 and more", "”12", "5", "?", "…", "(.)", '"', "A", "1. ", "« »", ") (", "\u00ad"])
def test_scraps_are_cut_without_an_error(text: str) -> None:
    assert cut(text, "en") == [text.strip()]


@pytest.mark.parametrize(
    "piece", ["a. ", "A. ", "M. ", "1. ", "!", "(", ").", "“", "« ", "...", "a-", "x", "(a. ", "(1) ", "• ", "a) b) "]
)
def test_text_that_is_made_to_be_slow_is_cut_all_the_same(piece: str) -> None:
    text = f"!{piece * (300_000 // len(piece))}a)"  # what grows with the square of this would take an hour

    assert segmenter.may_end_sentence(text) is False
    assert "".join(cut(text, "fr")).replace(" ", "") == text.replace(" ", "")


@given(
    st.text(st.sampled_from("aB1 .!?…»«”“\"()[]-—’'²•§IV。「」『』！（）と।؟ក។"), max_size=40),
    st.sampled_from(["en", "fr", "de", "ja", "hi"]),
)
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
        ("那是。”", True),
        ("「はい。」", True),
        ("وہ خوش تھا۔", True),
        ("ذهب؟", True),
        ("था।", True),
        ("ሄደ።", True),
        ("သည်။", True),
        ("មក។", True),
        ("եկավ։", True),
        ("Πού πήγε;", True),
        ("he went;", False),
    ],
)
def test_most_lines_cannot_end_a_sentence(line: str, *, may: bool) -> None:
    assert segmenter.may_end_sentence(line) is may
