"""Writes PDFs in fonts that they do not embed."""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import pikepdf
from pikepdf import Dictionary, Name


class Placed(NamedTuple):
    """A text that is drawn by itself: the position of its first character, and its size, in points."""

    text: str
    left: float
    bottom: float
    size: float = 12


class Collection(NamedTuple):
    """A character collection of Adobe, one of its predefined CMaps, and the codec of Python that has the same codes."""

    ordering: str
    cmap: str
    codec: str


def write_in_collection(path: Path, texts: Sequence[Placed], collection: Collection) -> Path:
    """Write one page in a font whose characters a predefined CMap says."""
    pdf = pikepdf.new()
    font = _composite(pdf, collection.ordering, collection.cmap)
    return _save(pdf, path, font, _shown([(text, text.text.encode(collection.codec)) for text in texts]))


def write_with_meanings(path: Path, texts: Sequence[Placed], *, font: str = "Unknown", forms: int = 0) -> Path:
    """Write one page in a font of no known collection, which maps its characters (ToUnicode).

    Args:
        path: The file.
        texts: The texts.
        font: The name of the font.
        forms: The number of forms, one within the other, that they stand in.
    """
    pdf = pikepdf.new()
    codes = {
        char: code for code, char in enumerate(sorted(set(chain.from_iterable(text.text for text in texts))), start=300)
    }
    meanings = "\n".join(f"<{code:04X}> <{char.encode('utf-16-be').hex()}>" for char, code in codes.items())
    resource = _composite(pdf, "Identity", "Identity-H", font)
    resource.ToUnicode = pdf.make_stream(
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Meanings def /CMapType 2 def"
        b" 1 begincodespacerange <0000> <FFFF> endcodespacerange"
        + f" {len(codes)} beginbfchar\n{meanings}\nendbfchar endcmap end end".encode()
    )
    encoded = [(text, b"".join(codes[char].to_bytes(2) for char in text.text)) for text in texts]
    return _save(pdf, path, resource, _shown(encoded), forms=forms)


def write_with_names(path: Path, texts: Sequence[Placed], names: dict[str, str]) -> Path:
    """Write one page in Arial, which names the glyph of each character."""
    pdf = pikepdf.new()
    codes = {char: code for code, char in enumerate(names, start=33)}
    font = Dictionary(
        Type=Name.Font,
        Subtype=Name.TrueType,
        BaseFont=Name.Arial,
        FirstChar=0,
        LastChar=255,
        Widths=[500] * 256,
        Encoding=Dictionary(Differences=[33, *(Name(f"/{name}") for name in names.values())]),
    )
    return _save(pdf, path, font, _shown([(text, bytes(codes[char] for char in text.text)) for text in texts]))


def _composite(pdf: pikepdf.Pdf, ordering: str, cmap: str, name: str = "Unknown") -> Dictionary:
    """A composite font."""
    descriptor = Dictionary(
        Type=Name.FontDescriptor,
        FontName=Name(f"/{name}"),
        Flags=4,
        FontBBox=[0, -200, 1000, 900],
        Ascent=800,
        Descent=-200,
        ItalicAngle=0,
        CapHeight=700,
        StemV=80,
    )
    descendant = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType0,
        BaseFont=Name(f"/{name}"),
        CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=ordering.encode(), Supplement=0),
        FontDescriptor=pdf.make_indirect(descriptor),
        DW=1000,
    )
    return Dictionary(
        Type=Name.Font,
        Subtype=Name.Type0,
        BaseFont=Name(f"/{name}"),
        Encoding=Name(f"/{cmap}"),
        DescendantFonts=[pdf.make_indirect(descendant)],
    )


def _shown(texts: Sequence[tuple[Placed, bytes]]) -> bytes:
    """The operators that draw texts; a line width of 0 is the narrowest that a device can draw."""
    lines = [
        f"BT /F1 {text.size} Tf 1 0 0 1 {text.left} {text.bottom} Tm <{codes.hex()}> Tj ET" for text, codes in texts
    ]
    return "\n".join(["0 w", *lines]).encode()


def _save(pdf: pikepdf.Pdf, path: Path, font: Dictionary, shown: bytes, *, forms: int = 0) -> Path:
    resources = Dictionary(Font=Dictionary(F1=pdf.make_indirect(font)))
    for _ in range(forms):
        form = pdf.make_stream(shown, Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 600, 800], Resources=resources)
        resources, shown = Dictionary(XObject=Dictionary(X1=form)), b"/X1 Do"
    pdf.add_blank_page(page_size=(600, 800))
    page = pdf.pages[0]
    page.Resources = resources
    page.Contents = pdf.make_stream(shown)
    pdf.save(path)
    pdf.close()
    return path
