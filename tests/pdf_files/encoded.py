"""Writes PDFs whose fonts say what their characters mean in unusual ways."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pikepdf
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas


_FIRST_CODE = 33
_LEADING = 16
_SIZE = 12

_CODES: dict[str, Any] = {"FirstChar": 0, "LastChar": 255, "Widths": [500] * 256}
"""The entries of a font that has all codes of a byte."""


def write_with_meanings(path: Path, lines: Sequence[str], *, font: str = "Helvetica") -> Path:
    """Write one page of lines, each of whose characters the font maps to itself (ToUnicode), whatever it is.

    Args:
        path: The file.
        lines: The lines; together at most 200 different characters.
        font: The name of the font.
    """
    codes = {char: code for code, char in enumerate(sorted(set(chain.from_iterable(lines))), start=_FIRST_CODE)}
    meanings = "\n".join(
        f"<{code:02X}> <{char.encode('utf-16-be', 'surrogatepass').hex()}>" for char, code in codes.items()
    )
    pdf = pikepdf.new()
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Meanings def /CMapType 2 def"
        " 1 begincodespacerange <00> <FF> endcodespacerange"
        f" {len(codes)} beginbfchar\n{meanings}\nendbfchar endcmap end end"
    )
    resource = _font(BaseFont=pikepdf.Name(f"/{font}"), **_CODES, ToUnicode=pdf.make_stream(cmap.encode()))
    return _save(pdf, path, resource, _shown(bytes(codes[char] for char in line) for line in lines))


def write_with_names(path: Path, lines: Sequence[bytes], names: Mapping[int, str]) -> Path:
    """Write one page of lines in a font that says only the names of its glyphs.

    Args:
        path: The file.
        lines: The codes of the characters.
        names: The name of the glyph of each code.
    """
    pdf = pikepdf.new()
    resource = _font(BaseFont=pikepdf.Name("/ABCDEF+Expert"), **_CODES, Encoding=_encoding(names))
    return _save(pdf, path, resource, _shown(lines))


def write_as_bitmaps(path: Path, lines: Sequence[bytes], names: Mapping[int, str]) -> Path:
    """Write one page of lines in a font of Type 3, as TeX did.

    Args:
        path: The file.
        lines: The codes of the characters.
        names: The name of the glyph of each code.
    """
    pdf = pikepdf.new()
    square = b"500 0 0 0 400 700 d1 0 0 400 700 re f"
    resource = _font(
        subtype=pikepdf.Name.Type3,
        FontBBox=[0, 0, 1000, 1000],
        FontMatrix=[0.001, 0, 0, 0.001, 0, 0],
        CharProcs=pikepdf.Dictionary({f"/{name}": pdf.make_stream(square) for name in names.values()}),
        **_CODES,
        Encoding=_encoding(names),
        Resources=pikepdf.Dictionary(),
    )
    return _save(pdf, path, resource, _shown(lines))


def write_with_gaps(path: Path, lines: Sequence[str], *, gap: float) -> Path:
    """Write one page of lines in which each space is a gap: no character, but a move to the next word.

    Args:
        path: The file.
        lines: The lines.
        gap: The width of a space, in parts of the font's size.
    """
    canvas = Canvas(str(path), pagesize=(600, 800))
    canvas.setFont("Helvetica", _SIZE)
    for at, line in enumerate(lines):
        left = 50.0
        for word in line.split():
            canvas.drawString(left, 750 - at * _LEADING, word)
            left += stringWidth(word, "Helvetica", _SIZE) + gap * _SIZE
    canvas.save()
    return path


def write_moving(path: Path, parts: Sequence[str | int]) -> Path:
    """Write one line of parts, each a text in cp1252 or a move to the left in thousandths of the font's size."""
    pdf = pikepdf.new()
    resource = _font(BaseFont=pikepdf.Name.Helvetica, Encoding=pikepdf.Name.WinAnsiEncoding)
    shown = " ".join(f"<{part.encode('cp1252').hex()}>" if isinstance(part, str) else f"{part}" for part in parts)
    return _save(pdf, path, resource, f"[{shown}] TJ")


def write_spaced(path: Path, parts: Sequence[tuple[str, float]]) -> Path:
    """Write one line of parts, each a text and the distance between its characters in points, as Ghostscript does."""
    pdf = pikepdf.new()
    resource = _font(BaseFont=pikepdf.Name.Helvetica)
    shown = " ".join(
        f"{spacing} Tc [<{text.encode('cp1252').hex()}> {1000 * spacing / _SIZE}] TJ" for text, spacing in parts
    )
    return _save(pdf, path, resource, shown)


def _font(*, subtype: pikepdf.Object = pikepdf.Name.Type1, **entries: Any) -> pikepdf.Dictionary:
    return pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=subtype, **entries)


def _encoding(names: Mapping[int, str]) -> pikepdf.Dictionary:
    differences = chain.from_iterable((code, pikepdf.Name(f"/{name}")) for code, name in sorted(names.items()))
    return pikepdf.Dictionary(Differences=pikepdf.Array(differences))


def _shown(lines: Iterable[bytes]) -> str:
    return "".join(f"<{line.hex()}> Tj T* " for line in lines)


def _save(pdf: pikepdf.Pdf, path: Path, font: pikepdf.Dictionary, shown: str) -> Path:
    pdf.add_blank_page(page_size=(600, 800))
    page = pdf.pages[0]
    page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=pdf.make_indirect(font)))
    page.Contents = pdf.make_stream(f"BT /F1 {_SIZE} Tf 50 750 Td {_LEADING} TL {shown} ET".encode())
    pdf.save(path)
    pdf.close()
    return path
