"""Hostile and damaged PDFs for tests, written byte by byte: a library would repair the attack away.

Unless an attack is of the whole file, what is bad is on page 3 of five; the other pages say which one they are, as
those of `pdfs.write_numbered` do. Bombs are small on disk: 1 GiB of content is about 1 MB of file.
"""

import base64
import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import pikepdf

from tools.pdfs import write_numbered


PAGES = 5
BAD_PAGE = 3
USER_PASSWORD = "open sesame"

MEGABYTE = 1 << 20
GIGABYTE = 1 << 30

# The numbers of objects: page n is 2n + 8, what it draws is 2n + 9, and an attack's own objects come after those.
_CATALOG, _ROOT, _FONT, _BAD, _BAD_TEXT, _EXTRA = 1, 2, 3, 2 * BAD_PAGE + 8, 2 * BAD_PAGE + 9, 2 * PAGES + 10
_GAP = 7  # the numbers of a book that stand for nothing, and 0
_FONTS = b"/Font << /F1 3 0 R >>"

Objects = dict[int, bytes]


# --- What PDFs are made of ---


def _text(number: int) -> bytes:
    return b"BT /F1 12 Tf 60 780 Td (This is page %d of the book.) Tj ET" % number


def _stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries, data)


def _page(
    contents: bytes,
    *,
    resources: bytes = _FONTS,
    parent: int = _ROOT,
    box: bytes = b"[0 0 595 842]",
    entries: bytes = b"",
) -> bytes:
    return b"<< /Type /Page /Parent %d 0 R /MediaBox %s /Resources << %s >> /Contents %s %s >>" % (
        parent,
        box,
        resources,
        contents,
        entries,
    )


def _node(kids: Iterable[int], count: int, *, parent: int | None = None) -> bytes:
    up = b"" if parent is None else b" /Parent %d 0 R" % parent
    return b"<< /Type /Pages /Kids [%s] /Count %d%s >>" % (b" ".join(b"%d 0 R" % kid for kid in kids), count, up)


def _page_objects(pages: int) -> list[int]:
    return [2 * number + 8 for number in range(1, pages + 1)]


def _book(pages: int = PAGES) -> Objects:
    """A sound book."""
    book = {
        _CATALOG: b"<< /Type /Catalog /Pages 2 0 R >>",
        _ROOT: _node(_page_objects(pages), pages),
        _FONT: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    }
    for number, page in enumerate(_page_objects(pages), start=1):
        book[page] = _page(b"%d 0 R" % (page + 1))
        book[page + 1] = _stream(_text(number))
    return book


def _body(objects: Objects) -> tuple[bytes, dict[int, int]]:
    """The file up to its xref, and where each object is."""
    parts, offsets, at = [b"%PDF-1.7\n"], {}, 9
    for number, content in objects.items():
        offsets[number] = at
        parts.append(b"%d 0 obj\n%s\nendobj\n" % (number, content))
        at += len(parts[-1])
    return b"".join(parts), offsets


def _table(offsets: Mapping[int, int], *, declared: int | None = None) -> bytes:
    size = max(offsets) + 1
    lines = [b"%010d 00000 n \n" % offsets[n] if n in offsets else b"0000000000 65535 f \n" for n in range(size)]
    return b"xref\n0 %d\n%s" % (declared or size, b"".join(lines))


def _trailer(size: int, start: int, entries: bytes = b"") -> bytes:
    return b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (size, entries, start)


def _save(path: Path, objects: Objects) -> Path:
    """With an xref table."""
    body, offsets = _body(objects)
    path.write_bytes(body + _table(offsets) + _trailer(max(offsets) + 1, len(body)))
    return path


def _save_packed(
    path: Path,
    objects: Objects,
    *,
    inside: Mapping[int, Sequence[int]] | None = None,
    size: int | None = None,
    zeros: int = 0,
    prev_loop: bool = False,
) -> Path:
    """With an xref stream.

    Args:
        path: The file to write.
        objects: Those that lie in the file itself.
        inside: The objects that lie in each object stream.
        size: How many entries to declare, when it is a lie.
        zeros: How many zeros to append to the entries.
        prev_loop: Whether the xref names itself as the one before.
    """
    body, offsets = _body(objects)
    homes = {n: (home, place) for home, numbers in (inside or {}).items() for place, n in enumerate(numbers)}
    number = max(*offsets, *homes, 0) + 1
    offsets[number] = len(body)
    rows = ((2, *homes[n]) if n in homes else (int(n in offsets), offsets.get(n, 0), 0) for n in range(number + 1))
    entries = b"".join(b"%c%b%b" % (kind, where.to_bytes(4), place.to_bytes(3)) for kind, where, place in rows)
    xref = _stream(
        _deflated(b"\0", zeros, start=entries),
        b"/Type /XRef /Filter /FlateDecode /W [1 4 3] /Root 1 0 R /Size %d" % (size or number + 1)
        + (b" /Prev %d" % len(body) if prev_loop else b""),
    )
    path.write_bytes(b"%s%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (body, number, xref, len(body)))
    return path


def _unmeasured(data: bytes, length: int, entries: bytes = b"") -> bytes:
    """A stream whose length is in another object."""
    return b"<< /Length %d 0 R %b >>\nstream\n%b\nendstream" % (length, entries, data)


def _object_stream(objects: Objects, entries: bytes = b"", *, spaces: int = 0) -> bytes:
    """An object stream, with so many spaces at its end."""
    index, at = b"", 0
    for number, content in objects.items():
        index += b"%d %d " % (number, at)
        at += len(content) + 1
    data = _deflated(b" ", spaces, start=index + b"\n".join(objects.values()))
    form = b"/Type /ObjStm /Filter /FlateDecode /N %d /First %d %s" % (len(objects), len(index), entries)
    return _stream(data, form)


def _deflated(filling: bytes, size: int, *, start: bytes = b"") -> bytes:
    """The start and then about so many bytes of filling: one deflated piece again and again, so it takes no memory."""
    piece = filling * (MEGABYTE // len(filling))
    times = size // len(piece)
    deflate = zlib.compressobj(9)
    head = deflate.compress(start) + deflate.flush(zlib.Z_FULL_FLUSH)
    block = deflate.compress(piece) + deflate.flush(zlib.Z_FULL_FLUSH)  # flushed, it needs nothing before it
    checksum = zlib.adler32(start)
    for _ in range(times):
        checksum = zlib.adler32(piece, checksum)
    return head + block * times + b"\x03\x00" + checksum.to_bytes(4)


def _lzw_spaces(size: int) -> bytes:
    """LZW of about so many spaces: each code stands for one space more than the one before, until the table is full."""
    codes = [32, *range(258, 4094), 256]  # 256 clears the table
    widths = [9] + [(258 + place).bit_length() for place in range(1, len(codes))]
    cycle = "".join(f"{code:0{width}b}" for code, width in zip(codes, widths, strict=True))
    clear = f"{256:09b}"
    spaces = sum(range(1, len(codes)))
    whole = [int(bits * 8, 2).to_bytes(len(bits)) for bits in (clear, cycle)]  # eight times anything is whole bytes
    return whole[0] + whole[1] * (size // spaces // 8) + b"\x80\x80"


# --- Bombs ---


def _content(
    path: Path,
    data: bytes,
    filters: bytes = b"",
    *,
    times: int = 1,
    resources: bytes = _FONTS,
    more: Objects | None = None,
) -> Path:
    """Page 3 draws its text and then this, so many times."""
    book = _book() | {_EXTRA: _stream(data, filters)} | (more or {})
    book[_BAD] = _page(b"[%d 0 R %s]" % (_BAD_TEXT, b"%d 0 R " % _EXTRA * times), resources=resources)
    return _save(path, book)


def flate_bomb(path: Path, *, size: int = GIGABYTE, times: int = 1) -> Path:
    """A page draws a GiB of nothing, inflated from a MB, or some of them, which PDFium strings together."""
    return _content(path, _deflated(b"q Q ", size), b"/Filter /FlateDecode", times=times)


def flate_twice_bomb(path: Path, *, size: int = GIGABYTE) -> Path:
    """The same, deflated once more to a few KB."""
    return _content(path, zlib.compress(_deflated(b"q Q ", size), 9), b"/Filter [/FlateDecode /FlateDecode]")


def lzw_bomb(path: Path, *, size: int = GIGABYTE) -> Path:
    """A page draws a GiB of spaces by LZWDecode."""
    return _content(path, _lzw_spaces(size), b"/Filter /LZWDecode")


def run_length_bomb(path: Path, *, size: int = GIGABYTE) -> Path:
    """A page draws a GiB of spaces by RunLengthDecode, which does no better than 64 to 1: a file of 16 MB."""
    return _content(path, b"\x81 " * (size // 128) + b"\x80", b"/Filter /RunLengthDecode")


def ascii_hex_bomb(path: Path, *, size: int = GIGABYTE) -> Path:
    """A flate bomb behind ASCIIHexDecode."""
    return _content(path, _deflated(b"q Q ", size).hex().encode() + b">", b"/Filter [/ASCIIHexDecode /FlateDecode]")


def ascii85_bomb(path: Path, *, size: int = GIGABYTE) -> Path:
    """A flate bomb behind ASCII85Decode."""
    data = base64.a85encode(_deflated(b"q Q ", size)) + b"~>"
    return _content(path, data, b"/Filter [/ASCII85Decode /FlateDecode]")


def text_bomb(path: Path, *, size: int = 400 * MEGABYTE) -> Path:
    """A page shows text forty million times."""
    shows = _deflated(b"(aaaa) Tj ", size, start=b"BT /F1 12 Tf 60 700 Td ")
    return _content(path, shows, b"/Filter /FlateDecode")


def string_bomb(path: Path, *, size: int = 200 * MEGABYTE) -> Path:
    """A page shows one string of 200 MB."""
    data = _deflated(b"a", size, start=b"BT /F1 12 Tf 60 700 Td (")
    return _content(path, data, b"/Filter /FlateDecode")


def form_bomb(path: Path, *, levels: int = 10, fan: int = 10) -> Path:
    """Billion laughs: a form draws ten forms that draw ten forms …, and the last shows text."""
    forms: Objects = {}
    for level in range(1, levels + 1):
        number = _EXTRA + level
        last = level == levels
        draws = b"BT /F1 12 Tf 60 700 Td (ha) Tj ET" if last else b"/Next Do " * fan
        uses = _FONTS if last else b"/XObject << /Next %d 0 R >>" % (number + 1)
        forms[number] = _stream(draws, b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << %s >>" % uses)
    first = _FONTS + b" /XObject << /First %d 0 R >>" % (_EXTRA + 1)
    return _content(path, b"/First Do", resources=first, more=forms)


def object_stream_bomb(path: Path, *, size: int = GIGABYTE) -> Path:
    """Page 3 is in an object stream that inflates to a GiB."""
    book = _book()
    book[_EXTRA] = _object_stream({_BAD: book.pop(_BAD)}, spaces=size)
    return _save_packed(path, book, inside={_EXTRA: [_BAD]})


def xref_stream_bomb(path: Path, *, size: int = GIGABYTE) -> Path:
    """The xref stream inflates to a GiB, more than it declares."""
    return _save_packed(path, _book(), zeros=size)


def xref_of_free_objects(path: Path, *, size: int = GIGABYTE) -> Path:
    """The xref stream inflates to a GiB, and declares it all: 134 million free objects."""
    return _save_packed(path, _book(), zeros=size, size=_EXTRA + 1 + size // 8)


# --- Page trees ---


def page_tree_cycle(path: Path) -> Path:
    """In the place of page 3 is the root of the tree."""
    kids = [_ROOT if page == _BAD else page for page in _page_objects(PAGES)]
    return _save(path, _book() | {_ROOT: _node(kids, PAGES)})


def deep_page_tree(path: Path, *, depth: int = 10_000) -> Path:
    """Page 3 is ten thousand nodes deep in the tree."""
    nodes = range(_EXTRA, _EXTRA + depth)
    book = _book()
    for node in nodes:
        last, first = node == nodes[-1], node == nodes[0]
        book[node] = _node([_BAD if last else node + 1], 1, parent=_ROOT if first else node - 1)
    book[_BAD] = _page(b"%d 0 R" % _BAD_TEXT, parent=nodes[-1])
    book[_ROOT] = _node([nodes[0] if page == _BAD else page for page in _page_objects(PAGES)], PAGES)
    return _save(path, book)


def parent_loop(path: Path) -> Path:
    """Page 3 inherits what it draws with from parents that are each other's."""
    book = _book() | {
        _BAD: b"<< /Type /Page /Parent %d 0 R /Contents %d 0 R >>" % (_EXTRA, _BAD_TEXT),
        _EXTRA: _node([_BAD], 1, parent=_EXTRA + 1),
        _EXTRA + 1: _node([_EXTRA], 1, parent=_EXTRA),
    }
    return _save(path, book)


def lying_count(path: Path, *, count: int, pages: int = PAGES) -> Path:
    """The page tree says that it has more or fewer pages than it has."""
    return _save(path, _book(pages) | {_ROOT: _node(_page_objects(pages), count)})


def many_pages(path: Path, *, pages: int = 100_000, fan: int | None = None) -> Path:
    """That many tiny pages, in one list or in a balanced tree of so many kids each."""
    book = _book(pages)
    level = dict.fromkeys(_page_objects(pages), 1)
    while fan is not None and len(level) > fan:
        below, counts, level = list(level), level, {}
        for first in range(0, len(below), fan):
            kids, node = below[first : first + fan], len(book) + _GAP
            level[node] = sum(counts[kid] for kid in kids)
            book[node] = _node(kids, level[node], parent=_ROOT)
            for kid in kids:
                book[kid] = book[kid].replace(b"/Parent 2 0 R", b"/Parent %d 0 R" % node)
    book[_ROOT] = _node(level, pages)
    return _save(path, book)


def bad_page_object(path: Path, *, content: bytes | None) -> Path:
    """What should be page 3 is something else, or missing."""
    book = _book()
    if content is None:
        del book[_BAD]
    else:
        book[_BAD] = content
    return _save(path, book)


def bad_media_box(path: Path, *, box: bytes) -> Path:
    """Page 3 has an impossible size."""
    return _save(path, _book() | {_BAD: _page(b"%d 0 R" % _BAD_TEXT, box=box)})


# --- Cross references ---


def prev_loop(path: Path) -> Path:
    """Two xref tables, each of which says that the other is the one before."""
    body, offsets = _body(_book())
    size = max(offsets) + 1
    first = len(body)
    second = first + len(b"xref\n0 0\n" + _trailer(size, first, b"/Prev %010d" % first))
    path.write_bytes(
        b"%sxref\n0 0\n%s%s%s"
        % (
            body,
            _trailer(size, first, b"/Prev %010d" % second),
            _table(offsets),
            _trailer(size, second, b"/Prev %010d" % first),
        )
    )
    return path


def prev_stream_loop(path: Path) -> Path:
    """An xref stream that says that it is itself the one before."""
    return _save_packed(path, _book(), prev_loop=True)


def declared_table(path: Path, *, entries: int = 10_000_000) -> Path:
    """An xref table that declares ten million entries, in a file of 2 KB."""
    body, offsets = _body(_book())
    path.write_bytes(body + _table(offsets, declared=entries) + _trailer(entries, len(body)))
    return path


def declared_stream(path: Path, *, entries: int = (1 << 31) - 1) -> Path:
    """An xref stream that declares as many entries as a signed integer can."""
    return _save_packed(path, _book(), size=entries)


# --- Nesting ---


def nested_content(path: Path, *, opens: bytes, closes: bytes = b"", depth: int = 100_000) -> Path:
    """What page 3 draws is a hundred thousand levels deep."""
    return _content(path, opens * depth + closes * depth)


def nested_object(path: Path, *, opens: bytes, closes: bytes, depth: int = 100_000) -> Path:
    """An object of page 3 is a hundred thousand levels deep."""
    book = _book() | {_EXTRA: opens * depth + closes * depth}
    book[_BAD] = _page(b"%d 0 R" % _BAD_TEXT, entries=b"/PieceInfo %d 0 R" % _EXTRA)
    return _save(path, book)


# --- Streams ---


def garbage_content(path: Path) -> Path:
    """What page 3 draws is declared to be deflated, and is not."""
    return _save(path, _book() | {_BAD_TEXT: _stream(_noise(4096), b"/Filter /FlateDecode")})


def length_of_itself(path: Path) -> Path:
    """The length of what page 3 draws is the very stream."""
    return _save(path, _book() | {_BAD_TEXT: _unmeasured(_text(BAD_PAGE), _BAD_TEXT)})


def length_inside(path: Path) -> Path:
    """Page 3 is in an object stream whose length is in that stream, too."""
    book, number = _book(), _EXTRA + 1
    page = book.pop(_BAD)
    index = b"%d 0 %d %d " % (_BAD, number, len(page) + 1)
    data = b"%b%b %d" % (index, page, len(index) + len(page) + len(" 123"))
    book[_EXTRA] = _unmeasured(data, number, b"/Type /ObjStm /N 2 /First %d" % len(index))
    return _save_packed(path, book, inside={_EXTRA: [_BAD, number]})


def extends_loop(path: Path) -> Path:
    """Page 3 is in an object stream that extends one that extends it."""
    book = _book()
    book[_EXTRA] = _object_stream({_BAD: book.pop(_BAD)}, b"/Extends %d 0 R" % (_EXTRA + 1))
    book[_EXTRA + 1] = _object_stream({_EXTRA + 2: b"null"}, b"/Extends %d 0 R" % _EXTRA)
    return _save_packed(path, book, inside={_EXTRA: [_BAD], _EXTRA + 1: [_EXTRA + 2]})


def object_stream_in_itself(path: Path) -> Path:
    """Page 3 is in an object stream that, so the xref, is in itself."""
    book = _book()
    book[_EXTRA] = _object_stream({_BAD: book.pop(_BAD)})
    return _save_packed(path, book, inside={_EXTRA: [_BAD, _EXTRA]})


def form_loop(path: Path) -> Path:
    """A form draws itself, twice."""
    uses = b"/XObject << /Me %d 0 R >>" % (_EXTRA + 1)
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << %s >>" % uses
    return _content(path, b"/Me Do", resources=_FONTS + uses, more={_EXTRA + 1: _stream(b"/Me Do /Me Do", form)})


# --- Fonts ---


def _font(path: Path, font: bytes, more: Objects, *, shows: bytes = b"<00410042>") -> Path:
    """Page 3 shows its text and then some in this font."""
    resources = b"/Font << /F1 3 0 R /F2 %d 0 R >>" % (_EXTRA + 1)
    draws = b"BT /F2 12 Tf 60 700 Td %s Tj ET" % shows
    return _content(path, draws, resources=resources, more={_EXTRA + 1: font, **more})


def _cmap(body: bytes, entries: bytes = b"") -> bytes:
    return _stream(
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
    number = _EXTRA + 2
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
    return _font(path, _composite(unicode=b"/ToUnicode %d 0 R" % (_EXTRA + 2)), {_EXTRA + 2: cmap})


def width_range(path: Path) -> Path:
    """A font has two billion widths."""
    return _font(path, _composite(b"/W [0 2147483647 500]"), {})


def type3_loop(path: Path) -> Path:
    """A glyph is drawn by showing the same glyph."""
    number = _EXTRA + 1
    font = (
        b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1000 1000] /FontMatrix [0.001 0 0 0.001 0 0] /FirstChar 97"
        b" /LastChar 97 /Widths [1000] /Encoding << /Type /Encoding /Differences [97 /a] >>"
        b" /CharProcs << /a %d 0 R >> /Resources << /Font << /F2 %d 0 R >> >> >>" % (number + 1, number)
    )
    glyph = _stream(b"1000 0 d0 BT /F2 1 Tf (aa) Tj ET")
    return _font(path, font, {number + 1: glyph}, shows=b"(aa)")


# --- Whole files ---


def _noise(size: int) -> bytes:
    return hashlib.shake_256(b"noise").digest(size)


def truncated(path: Path, *, share: float, pages: int = 90) -> Path:
    """A book of which only a share arrived."""
    data = write_numbered(path, pages).read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def raw(path: Path, *, data: bytes) -> Path:
    """These bytes."""
    path.write_bytes(data)
    return path


def encrypted(path: Path, *, user: str = "", revision: Literal[2, 6] = 6) -> Path:
    """An encrypted book: revision 6 is AES-256, 2 is RC4 of 40 bits. Without a user's password everyone can read it."""
    _save(path, _book())
    strong = revision == 6
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        encryption = pikepdf.Encryption(owner="owner", user=user, R=revision, aes=strong, metadata=strong)
        pdf.save(path, encryption=encryption)
    return path


# --- No attacks, but files that splitting has to get right ---


def with_trees(path: Path, *, on_page: bool = False) -> Path:
    """A book with a script, an attachment, a form and an outline, each of which holds a mark.

    The marks, in plain bytes, are MARKER-JAVASCRIPT, MARKER-ATTACHMENT, MARKER-FORM and MARKER-OUTLINE.

    Args:
        path: The file to write.
        on_page: Whether page 3 refers to the script, the attachment and the form, too, by annotations and an action.
    """
    script, field, widget, file, item = range(_EXTRA, _EXTRA + 5)
    specification, outline = _EXTRA + 5, _EXTRA + 6
    book = _book() | {
        _CATALOG: b"<< /Type /Catalog /Pages 2 0 R /OpenAction %d 0 R /AcroForm << /Fields [%d 0 R] >> /Outlines %d 0 R"
        b" /Names << /EmbeddedFiles << /Names [(attached.txt) %d 0 R] >>"
        b" /JavaScript << /Names [(script) %d 0 R] >> >> >>" % (script, field, outline, specification, script),
        script: b"<< /S /JavaScript /JS (app.alert\\('MARKER-JAVASCRIPT'\\)) >>",
        field: b"<< /FT /Tx /T (name) /V (MARKER-FORM) /Kids [%d 0 R] >>" % widget,
        widget: b"<< /Type /Annot /Subtype /Widget /Rect [60 60 200 80] /Parent %d 0 R >>" % field,
        file: _stream(b"MARKER-ATTACHMENT", b"/Type /EmbeddedFile"),
        item: b"<< /Title (MARKER-OUTLINE) /Parent %d 0 R /Dest [%d 0 R /Fit] >>" % (outline, _BAD),
        specification: b"<< /Type /Filespec /F (attached.txt) /EF << /F %d 0 R >> >>" % file,
        outline: b"<< /Type /Outlines /First %d 0 R /Last %d 0 R /Count 1 >>" % (item, item),
    }
    if on_page:
        attached = b"<< /Type /Annot /Subtype /FileAttachment /Rect [9 9 20 20] /FS %d 0 R >>" % specification
        entries = b"/Annots [%d 0 R %s] /AA << /O %d 0 R >>" % (widget, attached, script)
        book[_BAD] = _page(b"%d 0 R" % _BAD_TEXT, entries=entries)
    return _save(path, book)


def shared_images(path: Path, *, pages: int = 600, images: int = 300, kilobytes: int = 60) -> Path:
    """A book whose pages share one resource dictionary of images, and each of which draws one of them."""
    book = _book(pages)
    first = max(book) + 2
    names = b" ".join(b"/Im%d %d 0 R" % (image, first + image) for image in range(images))
    book[first - 1] = b"<< %s /XObject << %s >> >>" % (_FONTS, names)
    for number, page in enumerate(_page_objects(pages), start=1):
        book[page] = book[page].replace(b"<< %s >>" % _FONTS, b"%d 0 R" % (first - 1))
        book[page + 1] = _stream(_text(number) + b" q 100 0 0 100 400 50 cm /Im%d Do Q" % (number % images))
    noise = _noise(kilobytes * 1024 + images)
    for image in range(images):
        book[first + image] = _stream(
            noise[image : image + kilobytes * 1024],
            b"/Type /XObject /Subtype /Image /Width 64 /Height %d /BitsPerComponent 8 /ColorSpace /DeviceGray"
            % (kilobytes * 16),
        )
    return _save(path, book)


PAGE_ATTACKS: dict[str, Callable[[Path], Path]] = {
    "flate-bomb": flate_bomb,
    "flate-twice-bomb": flate_twice_bomb,
    "lzw-bomb": lzw_bomb,
    "run-length-bomb": run_length_bomb,
    "ascii-hex-bomb": ascii_hex_bomb,
    "ascii85-bomb": ascii85_bomb,
    "text-bomb": text_bomb,
    "string-bomb": string_bomb,
    "form-bomb": form_bomb,
    "form-loop": form_loop,
    "object-stream-bomb": object_stream_bomb,
    "page-tree-cycle": page_tree_cycle,
    "deep-page-tree": deep_page_tree,
    "parent-loop": parent_loop,
    "page-null": partial(bad_page_object, content=b"null"),
    "page-missing": partial(bad_page_object, content=None),
    "page-number": partial(bad_page_object, content=b"42"),
    "page-array": partial(bad_page_object, content=b"[/Type /Page]"),
    "media-box-empty": partial(bad_media_box, box=b"[0 0 0 0]"),
    "media-box-words": partial(bad_media_box, box=b"[(a) /b null [1]]"),
    "media-box-huge": partial(bad_media_box, box=b"[-2147483648 -2147483648 2147483647 2147483647]"),
    "media-box-overflow": partial(bad_media_box, box=b"[0 0 %b %b]" % (b"9" * 38, b"9" * 38)),
    "nested-arrays-drawn": partial(nested_content, opens=b"["),
    "nested-dictionaries-drawn": partial(nested_content, opens=b"<</a "),
    "nested-states-drawn": partial(nested_content, opens=b"q ", depth=1_000_000),
    "nested-texts-drawn": partial(nested_content, opens=b"("),
    "nested-arrays": partial(nested_object, opens=b"[", closes=b"]"),
    "nested-dictionaries": partial(nested_object, opens=b"<</a ", closes=b">>"),
    "garbage-content": garbage_content,
    "length-of-itself": length_of_itself,
    "length-inside": length_inside,
    "extends-loop": extends_loop,
    "object-stream-in-itself": object_stream_in_itself,
    "cmap-loop": cmap_loop,
    "cmap-range": cmap_range,
    "width-range": width_range,
    "type3-loop": type3_loop,
}
"""What is bad is on page 3 of five."""

FILE_ATTACKS: dict[str, Callable[[Path], Path]] = {
    "xref-stream-bomb": xref_stream_bomb,
    "xref-of-free-objects": xref_of_free_objects,
    "prev-loop": prev_loop,
    "prev-stream-loop": prev_stream_loop,
    "declared-table": declared_table,
    "declared-stream": declared_stream,
    "count-huge": partial(lying_count, count=5_000_000, pages=1),
    "count-negative": partial(lying_count, count=-5),
    "count-small": partial(lying_count, count=2),
    "many-pages-flat": many_pages,
    "many-pages-tree": partial(many_pages, fan=32),
    "truncated-50": partial(truncated, share=0.5),
    "truncated-70": partial(truncated, share=0.7),
    "zero-length": partial(raw, data=b""),
    "header-only": partial(raw, data=b"%PDF-1.7\n"),
    "header-and-garbage": partial(raw, data=b"%PDF-1.7\n" + _noise(100_000)),
    "header-and-gzip": partial(raw, data=b"%PDF-1.7\n" + gzip.compress(bytes(100_000), mtime=0)),
    "encrypted": partial(encrypted, user=USER_PASSWORD),
    "encrypted-rc4": partial(encrypted, user=USER_PASSWORD, revision=2),
    "encrypted-for-owner": encrypted,
    "encrypted-rc4-for-owner": partial(encrypted, revision=2),
}
"""The whole file is bad, or asks too much, or is locked."""

ATTACKS = PAGE_ATTACKS | FILE_ATTACKS
"""Every one bad thing, by name."""
