"""Legibility: whether a text layer is in some language, or consists of glyph numbers taken for characters. Pure.

A font without a mapping to Unicode gives the numbers of its glyphs, which look like text: “7KH TXLFN EURZQ IR[”. Text
in which no language is detected may still be in a rare one, or a table or a program, so that it counts as garbled only
if its letters cannot be those of any language. A detected language proves little if its letters rule it out.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter

from chunk_runner.pdf.glyphs.characters import count_unmapped
from chunk_runner.text.language import languages


_WORD = re.compile(r"[^\W\d_]{3,}")

_MINIMUM_LETTERS = 200
"""Letters in words of three and more, and characters without a Unicode mapping; fewer prove nothing."""

_LIMIT = 20_000
"""Characters that are examined."""

_UNMAPPED_SHARE = 0.2
"""The share of characters without a Unicode mapping that no readable text reaches."""

_MIXED_SHARE = 0.4
"""The share of words with letters of two scripts that no language reaches."""

_MARKED_SHARE = 0.5
"""The share of Latin letters outside ASCII that no language reaches; Vietnamese and Yoruba come closest."""

_COMMON_SHARE = 0.8
"""The share of its Chinese characters that at least one of the older national standards has, whatever the text."""

_NATIONAL_STANDARDS = ("gb2312", "big5", "shift_jis", "euc_kr")

_FREQUENCIES = {
    letter: percent / 100
    for letters, percent in {
        "e": 12, "a": 10, "i": 8.5, "n": 7.5, "osrt": 6.5, "lu": 4.5, "d": 4, "m": 3.2, "c": 3, "k": 2.5, "p": 2.3,
        "h": 2.2, "g": 2, "v": 1.7, "b": 1.6, "y": 1.4, "zf": 1.2, "j": 1, "w": 0.9, "qx": 0.3,
    }.items()
    for letter in letters
}  # fmt: skip
"""How often languages that are written in Latin letters use each of them, roughly and on average."""

_OTHER_LETTER = 0.01
"""The same of a letter that is none of these with a mark, such as ø and ə."""

_MAXIMUM_SURPRISE = 4.85
"""Bits per letter by these frequencies: 4.0 to 4.7 in languages, 5.4 on average if letters stand for others."""


def is_language(text: str) -> bool:
    """Return True if a text is certainly in some language."""
    return languages.detect([text]) is not None and not is_garbled(text)


def is_garbled(text: str) -> bool:
    """Return True if a text is certainly in no language; False if it is in one, or too short to tell.

    Args:
        text: A text layer.
    """
    text = text[:_LIMIT]
    words = _WORD.findall(text)
    letters = Counter("".join(words))
    unmapped = count_unmapped(text)
    total = letters.total() + unmapped
    if total < _MINIMUM_LETTERS:
        return False
    if unmapped > _UNMAPPED_SHARE * total:
        return True
    scripts: Counter[str] = Counter()
    for char, count in letters.items():
        scripts[_script(char)] += count
    (main, _), *_ = scripts.most_common(1)
    if main == "LATIN":
        return _is_garbled_latin(Counter({char: count for char, count in letters.items() if _script(char) == main}))
    mixed = sum(len({_script(char) for char in word}) > 1 for word in words)
    return mixed > _MIXED_SHARE * len(words) or (main == "CJK" and _is_garbled_chinese(text))


def _is_garbled_latin(letters: Counter[str]) -> bool:
    total = letters.total()
    if sum(count for char, count in letters.items() if not char.isascii()) > _MARKED_SHARE * total:
        return True
    surprise = -sum(
        count * math.log2(_FREQUENCIES.get(unicodedata.normalize("NFD", char)[0].lower(), _OTHER_LETTER))
        for char, count in letters.items()
    )
    return surprise > _MAXIMUM_SURPRISE * total


def _is_garbled_chinese(text: str) -> bool:
    characters = "".join(char for char in text if unicodedata.name(char, "").startswith("CJK UNIFIED"))
    return all(
        len(characters.encode(standard, "ignore").decode(standard)) < _COMMON_SHARE * len(characters)
        for standard in _NATIONAL_STANDARDS
    )


def _script(char: str) -> str:
    """Return the script of a letter; those of Japanese count as one."""
    script = re.split("[ -]", unicodedata.name(char, "UNKNOWN"), maxsplit=1)[0]
    return "CJK" if script in ("HIRAGANA", "KATAKANA", "IDEOGRAPHIC") else script
