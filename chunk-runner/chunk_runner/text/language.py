"""Languages: which one a text is written in, and what a sentence splitter does not know of each.

The library sentencex knows the usual abbreviations of many languages; the lists here hold what it misses of five, found
by trying. An abbreviation belongs here only if what follows it usually goes on with the sentence.
"""

from __future__ import annotations

from collections.abc import Iterable

import pycld2


DEFAULT = "en"
"""For a text of which nothing can be told."""

_ENOUGH = 20_000
"""Characters to look at."""

# Words that end in a full stop and do not end a sentence, in small letters and without that stop.
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

# Abbreviations that end a sentence when a capital follows: sentencex takes them for the other kind.
FINAL_ABBREVIATIONS = ("etc.", "usw.", "ecc.")

# What a hyphen at a line's end is part of, when one of these words begins the next line: it is no hyphenation.
HYPHENATED: dict[str, frozenset[str]] = {
    "fr": frozenset(
        (
            *(
                "il",
                "elle",
                "ils",
                "elles",
                "on",
                "je",
                "tu",
                "nous",
                "vous",
                "ce",
                "ci",
                "là",
                "le",
                "la",
                "les",
                "lui",
            ),
            *("leur", "moi", "toi", "y", "en", "t", "même", "mêmes", "être"),
        )
    ),
}

# After a hyphen at a line's end, these words begin nothing: it stands for a part left out (“pre- and post-war”).
CONJUNCTIONS = frozenset(["and", "or", "to", "und", "oder", "bis", "et", "ou", "e", "ed", "o", "y", "u"])


def detect(texts: Iterable[str]) -> str | None:
    """The language of a text, as two letters of ISO 639-1; `None` when it cannot be told.

    Args:
        texts: Lines or pages of it, in order.
    """
    text = " ".join(texts)[:_ENOUGH]
    try:
        reliable, _, found = pycld2.detect(text)
    except pycld2.error:
        return None
    code: str = found[0][1]
    return code if reliable and len(code) == len(DEFAULT) and code != "un" else None
