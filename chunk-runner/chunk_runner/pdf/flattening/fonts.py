"""The fonts of text that is drawn here: none is embedded, and each says which Unicode characters its codes stand for.

Courier shows Latin text alike in every renderer, ZapfDingbats the marks of check boxes. All other text has a font of
its own on each page, which renderers replace by one that has the characters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, String

from chunk_runner.pdf.annotation_text import Mark
from chunk_runner.pdf.flattening.typesetting import ADVANCE, columns_of_character


CHECK_MARK = "✔"
RADIO_MARK = "●"

_DINGBATS: Mapping[str, str] = {"✔": "4", "✘": "8", "★": "H", "●": "l", "■": "n", "◆": "u"}
"""The codes of the marks that a check box or radio button may have (ISO 32000-1, table 189, `CA`)."""

MARKS: Mapping[str, str] = {code: char for char, code in _DINGBATS.items()}

_MARK_CODES = {mark: "ABC"[at] for at, mark in enumerate(Mark)}

_CMAP = """/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CMapName /PdfJob def
/CMapType 2 def
1 begincodespacerange
<{first}> <{last}>
endcodespacerange
{mappings}
endcmap
end
end
"""

_MAPPINGS_PER_BLOCK = 100
"""A block of a CMap has at most this many lines (Adobe Technical Note 5014)."""


class Encoded(NamedTuple):
    """A line in the codes of a font.

    Attributes:
        font: The name of the font among the page's resources.
        data: The operand of `Tj`.
    """

    font: str
    data: str


class PageFonts:
    """The fonts of one page.

    Args:
        pdf: The file.
        shared: The fonts that all pages of the file share, by name; filled as they are needed.
    """

    def __init__(self, pdf: pikepdf.Pdf, shared: dict[str, Object]) -> None:
        self._pdf = pdf
        self._shared = shared
        self._used: set[str] = set()
        self._codes: dict[str, int] = {}

    def mark(self, mark: Mark) -> Encoded:
        """Encode a mark."""
        return self._encoded("PdfJobMark", _MARK_CODES[mark].encode())

    def encode(self, line: str) -> Encoded:
        """Encode a line that stands in visual order."""
        if all(char in _DINGBATS for char in line):
            return self._encoded("PdfJobDingbats", "".join(_DINGBATS[char] for char in line).encode())
        try:
            return self._encoded("PdfJobText", line.encode("cp1252"))
        except UnicodeEncodeError:
            codes = [self._codes.setdefault(char, len(self._codes) + 1) for char in line]
            return self._encoded("PdfJobUnicode", b"".join(code.to_bytes(2) for code in codes))

    def resources(self) -> dict[str, Object]:
        """Return the fonts that were used, by name."""
        return {
            name: _unicode_font(self._pdf, self._codes) if name == "PdfJobUnicode" else self._shared_font(name)
            for name in sorted(self._used)
        }

    def _encoded(self, font: str, data: bytes) -> Encoded:
        self._used.add(font)
        return Encoded(font, f"<{data.hex()}>")

    def _shared_font(self, name: str) -> Object:
        if name not in self._shared:
            font = _simple_font(self._pdf, name)
            self._shared[name] = self._pdf.make_indirect(font)
        return self._shared[name]


def _simple_font(pdf: pikepdf.Pdf, name: str) -> Dictionary:
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Courier)
    match name:
        case "PdfJobText":
            font.Encoding = Name.WinAnsiEncoding
        case "PdfJobDingbats":
            font.BaseFont = Name.ZapfDingbats
            font.ToUnicode = _to_unicode(pdf, {ord(code): char for char, code in _DINGBATS.items()}, digits=2)
        case _:
            font.ToUnicode = _to_unicode(pdf, {ord(code): mark.value for mark, code in _MARK_CODES.items()}, digits=2)
    return font


def _unicode_font(pdf: pikepdf.Pdf, codes: Mapping[str, int]) -> Object:
    """Return a font for these characters, each of which has a code."""
    usual = round(1000 * ADVANCE)
    widths = Array()
    for char, code in codes.items():
        if (columns := columns_of_character(char)) != 1:
            widths.extend(Array([code, code, columns * usual]))
    descriptor = Dictionary(
        Type=Name.FontDescriptor,
        FontName=Name.Helvetica,
        Flags=4,
        FontBBox=[0, -250, 1000, 1000],
        ItalicAngle=0,
        Ascent=900,
        Descent=-250,
        CapHeight=700,
        StemV=80,
    )
    descendant = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType2,
        BaseFont=Name.Helvetica,
        CIDSystemInfo=Dictionary(Registry=String("Adobe"), Ordering=String("Identity"), Supplement=0),
        DW=usual,
        W=widths,
        FontDescriptor=pdf.make_indirect(descriptor),
    )
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.Type0,
            BaseFont=Name.Helvetica,
            Encoding=Name("/Identity-H"),
            DescendantFonts=Array([pdf.make_indirect(descendant)]),
            ToUnicode=_to_unicode(pdf, {code: char for char, code in codes.items()}, digits=4),
        )
    )


def _to_unicode(pdf: pikepdf.Pdf, texts: Mapping[int, str], *, digits: int) -> Object:
    lines = [f"<{code:0{digits}x}> <{text.encode('utf-16-be').hex()}>" for code, text in texts.items()]
    blocks = [lines[at : at + _MAPPINGS_PER_BLOCK] for at in range(0, len(lines), _MAPPINGS_PER_BLOCK)]
    mappings = "\n".join("\n".join((f"{len(block)} beginbfchar", *block, "endbfchar")) for block in blocks)
    cmap = _CMAP.format(first="0" * digits, last="f" * digits, mappings=mappings)
    return pdf.make_stream(cmap.encode())
