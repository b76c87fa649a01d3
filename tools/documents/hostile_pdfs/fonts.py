"""Fonts whose maps and glyphs use themselves, or have more entries than anybody can keep."""

from pathlib import Path

from tools.documents.hostile_pdfs.pdf_objects import (
    EXTRA,
    Objects,
    stream,
    with_content,
)


def _font(path: Path, font: bytes, more: Objects, *, shows: bytes = b"<00410042>") -> Path:
    """Page 3 shows its text and then some in this font."""
    resources = b"/Font << /F1 3 0 R /F2 %d 0 R >>" % (EXTRA + 1)
    draws = b"BT /F2 12 Tf 60 700 Td %s Tj ET" % shows
    return with_content(path, draws, resources=resources, more={EXTRA + 1: font, **more})


def _cmap(body: bytes, entries: bytes = b"") -> bytes:
    return stream(
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Attack def /CMapType 2 def\n"
        b"%s\nendcmap end end" % body,
        b"/Type /CMap /CMapName /Attack /CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> "
        + entries,
    )


def _composite(descendant: bytes = b"", *, encoding: bytes = b"/Identity-H", unicode: bytes = b"") -> bytes:
    return (
        b"<< /Type /Font /Subtype /Type0 /BaseFont /Attack /Encoding %s %s /DescendantFonts [<< /Type /Font"
        b" /Subtype /CIDFontType2 /BaseFont /Attack %s"
        b" /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>] >>"
    ) % (encoding, unicode, descendant)


def cmap_loop(path: Path) -> Path:
    """The encoding of a font, and what its codes mean, are maps that use themselves."""
    number = EXTRA + 2
    cmap = _cmap(
        b"/Attack usecmap 1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
        b"1 beginbfchar <0041> <0041> endbfchar 1 begincidchar <0041> 65 endcidchar",
        b"/UseCMap %d 0 R" % number,
    )
    font = _composite(encoding=b"%d 0 R" % number, unicode=b"/ToUnicode %d 0 R" % number)
    return _font(path, font, {number: cmap})


def cmap_range(path: Path) -> Path:
    """What the codes of a font mean is a range of four billion."""
    cmap = _cmap(
        b"1 begincodespacerange <00000000> <FFFFFFFF> endcodespacerange\n"
        b"1 beginbfrange <00000000> <FFFFFFFF> <0041> endbfrange"
    )
    return _font(path, _composite(unicode=b"/ToUnicode %d 0 R" % (EXTRA + 2)), {EXTRA + 2: cmap})


def width_range(path: Path) -> Path:
    """A font has two billion widths."""
    return _font(path, _composite(b"/W [0 2147483647 500]"), {})


def type3_loop(path: Path) -> Path:
    """A glyph is drawn by showing the same glyph."""
    number = EXTRA + 1
    font = (
        b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1000 1000] /FontMatrix [0.001 0 0 0.001 0 0] /FirstChar 97"
        b" /LastChar 97 /Widths [1000] /Encoding << /Type /Encoding /Differences [97 /a] >>"
        b" /CharProcs << /a %d 0 R >> /Resources << /Font << /F2 %d 0 R >> >> >>" % (number + 1, number)
    )
    glyph = stream(b"1000 0 d0 BT /F2 1 Tf (aa) Tj ET")
    return _font(path, font, {number + 1: glyph}, shows=b"(aa)")
