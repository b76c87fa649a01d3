"""The characters of a line: private-use characters of fonts and libraries are mapped to standard ones.

Knows no PDF library. A character without a Unicode mapping stays as it is, and `count_unmapped` counts it. Ligatures
and Arabic presentation forms become the letters that people search for; full-width letters and superscripts stay as
printed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import chain

from chunk_runner.pdf.glyphs.symbol_fonts import symbol
from chunk_runner.pdf.page import BREAK, SOFT_HYPHEN


HYPHEN_MARKS = ("\ufffe", "\x02")
"""PDFium's characters for a hyphen at the end of a line, which it puts directly before the next text it finds, even if
that is a page number."""

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
"""Stands for a character that nobody can name."""

FILLER = "\N{WORD JOINER}"
"""Takes the place of a character that was removed, or of the second UTF-16 unit of one, so that all others keep their
indexes; `clean` removes it."""

_TEX_LIGATURES = ("ff", "fi", "fl", "ffi", "ffl")

_THAI_VOWELS, _THAI_TONES = "\u0e34\u0e35\u0e36\u0e37", "\u0e48\u0e49\u0e4a\u0e4b\u0e4c"
_THAI_BELOW = "\u0e38\u0e39\u0e3a"

_NAMED: dict[int, str] = dict(
    chain(
        # Adobe Glyph List. Small capitals are lower case letters that are drawn otherwise, and their codes say so.
        ((0xF700 + ord(char), char) for char in "!$&0123456789?`abcdefghijklmnopqrstuvwxyz¡¢¨¯´¸¿"),
        ((0xF700 + code, chr(code)) for code in range(0xE0, 0x100) if chr(code) != "÷"),
        enumerate(("ȷ", "LL", "ll"), 0xF6BE),
        enumerate("´ˇ¨", 0xF6C9),
        enumerate("`˝¯˘", 0xF6CE),
        enumerate((*"©®™1", "Rp", *"—¢¢,,$$--..abdeilmorst˘ˇˆ˙˝łœ˛˚š˜ž"), 0xF6D9),
        enumerate("‾⏐⎯®©™⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪⎮⎞⎟⎠⎤⎥⎦⎫⎬⎭", 0xF8E5),
        # The fonts of Windows: ligatures, and the letters and marks of Thai at other heights.
        enumerate(("fi", "fl"), 0xF001),
        enumerate(
            f"\u0e10{_THAI_VOWELS}{_THAI_TONES}{_THAI_TONES}\u0e0d\u0e31\u0e4d\u0e47{_THAI_TONES}{_THAI_BELOW}", 0xF700
        ),
        # The same of the Macintosh, with three heights of each tone.
        enumerate(f"\u0e31{_THAI_VOWELS}\u0e47", 0xF884),
        enumerate((tone for tone in _THAI_TONES for _ in range(3)), 0xF88A),
        enumerate(f"\u0e4d\u0e0d{_THAI_BELOW}\u0e10", 0xF899),
        # Codes of Windows that were taken for those of Unicode, where they are controls.
        ((code, bytes([code]).decode("cp1252", "replace")) for code in range(0x80, 0xA0)),
        ((ord(mark), SOFT_HYPHEN) for mark in HYPHEN_MARKS),
    )
)
"""The meaning of characters that Unicode gives none, by code."""

_FORMS = re.compile("[\ufb00-\ufdcf\ufdf2\ufe70-\ufefc]")
"""Ligatures and other presentation forms of Latin, Armenian, Hebrew and Arabic letters."""

_SYMBOL_CODES = re.compile("[\uf020-\uf0ff]")
"""Characters of fonts with an encoding of their own, as Windows numbers them."""

_LIGATURE_CODES = re.compile("(?<![\x00-\x1f])[\x0b-\x0f\x1b-\x1f](?![\x00-\x1f])")
"""A code of a TeX font that names none of its characters: old bitmap fonts do not."""

_CONTROLS = re.compile("[\x00-\x08\x0e-\x1b\x7f\x81\x8d\x8f\x90\x9d\ud800-\udfff\ufdd0-\ufdef\uffff]")
"""Characters that no text has. Tabs and line ends are not among them."""

_JOINING = (
    r"\u0600-\u0dff\u0f00-\u109f\u1780-\u1cff\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc"
    r"\U00010a00-\U00011fff\U0001e900-\U0001e95f"
)
"""Scripts in which letters change their shape beside others, such as Arabic and those of India."""

_EMOJI = r"\ufe0f\u2190-\u2bff\U0001f000-\U0001faff"

_INVISIBLE = re.compile(
    r"([\u200c\u200d])"
    rf"(?:(?<=[{_JOINING}].)(?=\S)|(?<=[{_JOINING}]\u200d)|(?<=\S.)(?=[{_JOINING}])|(?<=[{_EMOJI}]\u200d)(?=[{_EMOJI}]))"
    r"|[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000e0001-\U000e007f]"
)
"""A joiner that decides how its neighbors are drawn, as a group, or an invisible character that may be left out."""


def split_lines(text: str) -> list[tuple[int, str]]:
    """Return the lines of PDFium's text of a page with the index of each one's first character in PDFium's list.

    Indexes in the text and in that list are the same, because PDFium lists line ends as characters; files with
    surrogate pairs, the exception, are off by a character or two.
    """
    for mark in HYPHEN_MARKS:
        if mark in text:
            text = text.replace(mark, f"{mark}\r\n")
    pieces: list[tuple[int, str]] = []
    start = 0
    for raw in text.split("\r\n"):
        pieces.append((start, raw))
        start += len(raw) + (0 if raw[-1:] in HYPHEN_MARKS else 2)
    return pieces


def clean(raw: str, font_at: Callable[[int], str] | None = None) -> str:
    """Return a line as text without control characters and unusual spaces; marks of breaks are kept for joining lines.

    Args:
        raw: The line as a library returns it.
        font_at: Returns the name of the font of a character, given its index, or nothing if the library does not say;
            `None` if the text is from no font, so that controls in it stand for nothing.
    """
    # Most lines are printable, which excludes all spaces but the usual one, and examining each character is slow.
    if raw.isprintable() and (raw.isascii() or not _FORMS.search(raw)):
        return " ".join(raw.split()) if "  " in raw or raw[:1] == " " or raw[-1:] == " " else raw
    line = raw
    unknown = " "
    if font_at is not None:
        unknown = UNKNOWN
        line = _SYMBOL_CODES.sub(lambda match: symbol(match[0], font_at(match.start())), line)
        line = _LIGATURE_CODES.sub(_ligature, line).replace(FILLER, "")
    line = line.translate(_NAMED)
    line = _CONTROLS.sub(unknown, _INVISIBLE.sub(r"\1", line))
    line = _FORMS.sub(lambda match: unicodedata.normalize("NFKC", match[0]).strip(), line)
    text = " ".join(line.split())
    return text + BREAK if text and font_at is not None and raw.endswith(BREAK) else text


def count_unmapped(line: str) -> int:
    """Return the number of characters in a clean line that have no usable Unicode mapping in the file."""
    if line.isascii():
        return 0
    count = line.count(UNKNOWN)
    if line.replace(SOFT_HYPHEN, "").isprintable():
        return count
    return count + sum(unicodedata.category(char) in ("Co", "Cn") for char in line)


def _ligature(match: re.Match[str]) -> str:
    """Return the ligature at a code of a TeX font, if a letter stands beside it: only “ff” ends words."""
    line, at = match.string, match.start()
    ligature = _TEX_LIGATURES[(ord(match[0]) & 0x0F) - 0x0B]
    is_in_word = line[at + 1 : at + 2].isalpha() or (ligature == "ff" and line[max(at - 1, 0) : at].isalpha())
    return ligature if is_in_word else match[0]
