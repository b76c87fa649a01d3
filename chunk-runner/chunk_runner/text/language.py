"""Language detection, and per language the facts that the sentence splitter lacks.

sentencex knows the usual abbreviations of many languages; the lists here hold those it misses in five of them, found by
testing. An abbreviation belongs here only if the sentence usually continues after it.
"""

from __future__ import annotations

from collections.abc import Iterable

import pycld2


DEFAULT_LANGUAGE = "en"
"""The language of a text in which none can be detected."""

_DETECTION_CHARACTERS = 20_000
"""Characters that are examined."""

ABBREVIATIONS: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "mr mrs ms dr prof st rev hon capt col gen lt sgt gov sen rep pres messrs mme mlle fr sr jr"
        " vol vols no nos p pp fig figs sec secs ch chap art ed eds cf viz vs approx ca c e.g i.e al ibid op cit"
        " jan feb mar apr jun jul aug sep sept oct nov dec mt ft inc ltd co dept est univ",
        "fr": "m mm mme mmes mlle mlles me mgr dr pr st ste sts p pp art cf vol chap fig figs éd ed coll t n no nos"
        " av bd env ex i.e c.-à-d c-à-d cie sté s.a janv févr avr juil sept oct nov déc ibid op cit ch sq sqq al",
        "de": "dr prof hr fr hrn st s vgl abb bd bde nr hg hrsg ca bzw z.b z b d.h d h u.a u a o.ä o ä evtl ggf sog kap"
        " jh jhd v n chr abs art aufl ausg dipl ing jan feb mär apr jun jul aug sep sept okt nov dez str tel usf vs al",
        "es": "sr sra srta sres d dña dr dra prof profa ud uds vd vds ee uu núm num nº pág págs p pp vol cap fig art"
        " lic ing gral tte cap s ss sto sta fco ma cf ed av avda c tel aprox ej p.ej al ibid",
        "it": "sig sigg sig.ra sig.na sig.re dott dott.ssa prof prof.ssa ing avv arch on geom rag s ss p pp pag pagg"
        " n nn art artt cap capp vol voll fig figg cfr es ca tel v a.c d.c c ibid op cit ed al mons gen col",
    }.items()
}

"""Words that end with a full stop without ending a sentence, in lower case and without the stop, by language."""

FINAL_ABBREVIATIONS = ("etc.", "usw.", "ecc.")
"""Abbreviations that end a sentence if a capital letter follows; sentencex takes them for the other kind."""

HYPHENATED: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "fr": "il elle ils elles on je tu nous vous ce ci là le la les lui leur moi toi y en t même mêmes être",
    }.items()
}
"""Words that follow a hyphen of their own: at the end of a line, that hyphen is no hyphenation."""

CONJUNCTIONS = frozenset({"and", "or", "to", "und", "oder", "bis", "et", "ou", "e", "ed", "o", "y", "u"})
"""Words at the beginning of a line that show that the hyphen before them stands for an omitted part (“pre- and
post-war”)."""


def detect(texts: Iterable[str]) -> str | None:
    """Return the language of a text as two letters of ISO 639-1; `None` if it cannot be detected reliably.

    Args:
        texts: Its lines or pages, in order.
    """
    text = " ".join(texts)[:_DETECTION_CHARACTERS]
    try:
        is_reliable, _, details = pycld2.detect(text)
    except pycld2.error:
        return None
    code: str = details[0][1]
    return code if is_reliable and len(code) == len(DEFAULT_LANGUAGE) and code != "un" else None
