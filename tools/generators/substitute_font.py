"""Builds the font that stands in for Chinese, Japanese and Korean fonts that a PDF does not embed.

    python -m tools.generators.substitute_font

The reader needs the width and the height of characters, never their shape, so each character is a box, and the font
takes less than a kilobyte. It is committed, so that fontTools is needed here only; a test compares the two.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import newTable
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable


TARGET = Path(__file__).parents[2] / "chunk-runner/chunk_runner/pdf/text_layer/substitute.ttf"

_EM = 1000
_ASCENT, _DESCENT = 880, -120
"""The usual ones of such fonts."""

_BEARING = 40
"""The space on either side of a box."""

_BOTTOM, _TOP = -80, 840

_WIDTHS = {".notdef": _EM, "blank": _EM, "narrow": _EM // 2, "wide": _EM}

_LAST = 0xFFFF
"""PDFium looks up these characters only, by 16 bits."""

_BLANK = frozenset({0x20, 0xA0, *range(0x2000, 0x200C), 0x3000})
_NARROW = frozenset({*range(0x21, 0x7F), *range(0xA1, 0x100), *range(0xFF61, 0xFFDD)})


def build() -> bytes:
    """Return the font, a TrueType file."""
    builder = FontBuilder(_EM, isTTF=True)
    builder.setupGlyphOrder(list(_WIDTHS))
    builder.font["cmap"] = _characters()
    builder.setupGlyf(
        {name: _empty() if name == "blank" else _box(width) for name, width in _WIDTHS.items()},
    )
    builder.setupHorizontalMetrics({name: (width, _BEARING) for name, width in _WIDTHS.items()})
    builder.setupHorizontalHeader(ascent=_ASCENT, descent=_DESCENT)
    builder.setupOS2(sTypoAscender=_ASCENT, sTypoDescender=_DESCENT)
    builder.setupNameTable({"familyName": "PdfJob Substitute", "styleName": "Regular", "psName": "PdfJobSubstitute"})
    builder.setupPost(keepGlyphNames=False)
    builder.updateHead(created=0, modified=0)
    builder.font.recalcTimestamp = False
    file = BytesIO()
    builder.save(file)
    return file.getvalue()


def _characters() -> object:
    """Return the character map, in the format that maps a whole range to one glyph."""
    subtable = CmapSubtable.newSubtable(13)
    subtable.platformID, subtable.platEncID, subtable.language = 3, 10, 0
    subtable.format, subtable.reserved, subtable.length, subtable.nGroups = 13, 0, 0, 0
    subtable.cmap = {code: _glyph(code) for code in range(0x20, _LAST + 1)}
    table = newTable("cmap")
    table.tableVersion, table.tables = 0, [subtable]
    return table


def _glyph(code: int) -> str:
    if code in _BLANK:
        return "blank"
    return "narrow" if code in _NARROW else "wide"


def _box(width: int) -> object:
    pen = TTGlyphPen(None)
    left, right = _BEARING, width - _BEARING
    pen.moveTo((left, _BOTTOM))
    for corner in ((left, _TOP), (right, _TOP), (right, _BOTTOM)):
        pen.lineTo(corner)
    pen.closePath()
    return pen.glyph()


def _empty() -> object:
    return TTGlyphPen(None).glyph()


if __name__ == "__main__":
    TARGET.write_bytes(build())
