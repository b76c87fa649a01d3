"""The characters of the fonts Symbol and Wingdings, whose codes mean nothing in other fonts. Knows no PDF library."""

from __future__ import annotations

import re
from itertools import chain


_SYMBOL: dict[int, str] = dict(
    chain(
        enumerate(
            " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼", 0x20
        ),
        enumerate("€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪", 0xA0),
        enumerate("〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭", 0xF1),
    )
)

_WINGDINGS: dict[int, str] = dict(
    chain(
        enumerate("✏✂✁", 0x21),
        enumerate("☎✆✉", 0x28),
        enumerate("☜☞☝☟✋☺😐☹", 0x45),
        enumerate("●❍■□", 0x6C),
        enumerate("❑❒", 0x71),
        enumerate("◆❖⬥", 0x75),
        enumerate("⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿", 0x80),
        enumerate("•", 0x9F),
        enumerate("▪◻", 0xA7),
        enumerate("★", 0xAB),
        enumerate("➢", 0xD8),
        enumerate("←→↑↓↖↗↙↘", 0xDF),
        enumerate("➔", 0xE8),
        enumerate("⇦⇨⇧⇩⬄", 0xEF),
        enumerate("✗✓☒☑", 0xFB),
    )
)
"""Of Wingdings, the characters that text has: bullets, marks, arrows, numbers in circles."""

_FONTS = re.compile(r"(?:^|\+)(symbol|wingdings(?![ -]?[23]))", re.IGNORECASE)
"""The beginning of a font's name, after the prefix of a subset; Wingdings 2 and 3 have other characters."""

_BULLETS = {0xB7: "•", 0xA7: "▪", 0x76: "❖", 0xD8: "➢", 0xFC: "✓"}
"""The bullets of word processors, whatever the font is called: files often name another one for them."""


def symbol(char: str, font: str) -> str:
    """Return the meaning of a character; the character itself if it has none.

    Args:
        char: A character from U+F020 to U+F0FF: the code in its font, plus U+F000.
        font: The name of the font, such as `ABCDEF+SymbolMT`.
    """
    found = _FONTS.search(font)
    table = _BULLETS if found is None else _SYMBOL if found[1].lower() == "symbol" else _WINGDINGS
    return table.get(ord(char) - 0xF000, char)
