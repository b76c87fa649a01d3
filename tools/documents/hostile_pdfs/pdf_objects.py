"""What PDFs are made of: a sound book of five pages, its objects, and two ways to write them into a file.

Every page says which one it is, as those of `pdfs.write_numbered` do. The other modules of this package put something
bad in place of page 3, and know its object by number.
"""

import hashlib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path


PAGES = 5
BAD_PAGE = 3

MEGABYTE = 1 << 20
GIGABYTE = 1 << 30

# The numbers of objects: page n is 2n + 8, what it draws is 2n + 9, and an attack's own objects come after those.
CATALOG, ROOT, FONT, BAD, BAD_TEXT, EXTRA = 1, 2, 3, 2 * BAD_PAGE + 8, 2 * BAD_PAGE + 9, 2 * PAGES + 10
GAP = 7  # the numbers of a book that stand for nothing, and 0
FONTS = b"/Font << /F1 3 0 R >>"

Objects = dict[int, bytes]


def text(number: int) -> bytes:
    """Return the content of a page: its text, which says its number."""
    return b"BT /F1 12 Tf 60 780 Td (This is page %d of the book.) Tj ET" % number


def stream(data: bytes, entries: bytes = b"") -> bytes:
    """Return a stream object with these further entries in its dictionary."""
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries, data)


def page_object(
    contents: bytes,
    *,
    resources: bytes = FONTS,
    parent: int = ROOT,
    box: bytes = b"[0 0 595 842]",
    entries: bytes = b"",
) -> bytes:
    """Return a page object that draws these contents."""
    return b"<< /Type /Page /Parent %d 0 R /MediaBox %s /Resources << %s >> /Contents %s %s >>" % (
        parent,
        box,
        resources,
        contents,
        entries,
    )


def tree_node(kids: Iterable[int], count: int, *, parent: int | None = None) -> bytes:
    """Return a node of the page tree, which says that it has so many pages below it."""
    up = b"" if parent is None else b" /Parent %d 0 R" % parent
    return b"<< /Type /Pages /Kids [%s] /Count %d%s >>" % (b" ".join(b"%d 0 R" % kid for kid in kids), count, up)


def page_numbers(pages: int) -> list[int]:
    """Return the object numbers of the pages of a book."""
    return [2 * number + 8 for number in range(1, pages + 1)]


def sound_book(pages: int = PAGES) -> Objects:
    """Return the objects of a sound book."""
    book = {
        CATALOG: b"<< /Type /Catalog /Pages 2 0 R >>",
        ROOT: tree_node(page_numbers(pages), pages),
        FONT: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    }
    for number, page in enumerate(page_numbers(pages), start=1):
        book[page] = page_object(b"%d 0 R" % (page + 1))
        book[page + 1] = stream(text(number))
    return book


def body_of(objects: Objects) -> tuple[bytes, dict[int, int]]:
    """Return the file up to its cross references, and the offset of each object."""
    parts, offsets, at = [b"%PDF-1.7\n"], {}, 9
    for number, content in objects.items():
        offsets[number] = at
        parts.append(b"%d 0 obj\n%s\nendobj\n" % (number, content))
        at += len(parts[-1])
    return b"".join(parts), offsets


def table(offsets: Mapping[int, int], *, declared: int | None = None) -> bytes:
    """Return a cross-reference table; it declares its own number of entries, or this one."""
    size = max(offsets) + 1
    lines = [b"%010d 00000 n \n" % offsets[n] if n in offsets else b"0000000000 65535 f \n" for n in range(size)]
    return b"xref\n0 %d\n%s" % (declared or size, b"".join(lines))


def trailer(size: int, start: int, entries: bytes = b"") -> bytes:
    """Return a trailer for a cross-reference table that starts at this offset."""
    return b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (size, entries, start)


def save(path: Path, objects: Objects) -> Path:
    """Write a file with a cross-reference table."""
    body, offsets = body_of(objects)
    path.write_bytes(body + table(offsets) + trailer(max(offsets) + 1, len(body)))
    return path


def save_packed(
    path: Path,
    objects: Objects,
    *,
    inside: Mapping[int, Sequence[int]] | None = None,
    size: int | None = None,
    zeros: int = 0,
    prev_loop: bool = False,
) -> Path:
    """Write a file with a cross-reference stream.

    Args:
        path: The file to write.
        objects: Those that lie in the file itself.
        inside: The objects that lie in each object stream.
        size: How many entries to declare, when it is a lie.
        zeros: How many zeros to append to the entries.
        prev_loop: Whether the xref names itself as the one before.
    """
    body, offsets = body_of(objects)
    homes = {n: (home, place) for home, numbers in (inside or {}).items() for place, n in enumerate(numbers)}
    number = max(*offsets, *homes, 0) + 1
    offsets[number] = len(body)
    rows = ((2, *homes[n]) if n in homes else (int(n in offsets), offsets.get(n, 0), 0) for n in range(number + 1))
    entries = b"".join(b"%c%b%b" % (kind, where.to_bytes(4), place.to_bytes(3)) for kind, where, place in rows)
    xref = stream(
        deflated(b"\0", zeros, start=entries),
        b"/Type /XRef /Filter /FlateDecode /W [1 4 3] /Root 1 0 R /Size %d" % (size or number + 1)
        + (b" /Prev %d" % len(body) if prev_loop else b""),
    )
    path.write_bytes(b"%s%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (body, number, xref, len(body)))
    return path


def unmeasured(data: bytes, length: int, entries: bytes = b"") -> bytes:
    """Return a stream whose length is in another object."""
    return b"<< /Length %d 0 R %b >>\nstream\n%b\nendstream" % (length, entries, data)


def object_stream(objects: Objects, entries: bytes = b"", *, spaces: int = 0) -> bytes:
    """Return an object stream with so many spaces at its end."""
    index, at = b"", 0
    for number, content in objects.items():
        index += b"%d %d " % (number, at)
        at += len(content) + 1
    data = deflated(b" ", spaces, start=index + b"\n".join(objects.values()))
    form = b"/Type /ObjStm /Filter /FlateDecode /N %d /First %d %s" % (len(objects), len(index), entries)
    return stream(data, form)


def deflated(filling: bytes, size: int, *, start: bytes = b"") -> bytes:
    """Deflate a start and about so many bytes of filling, one piece again and again, so that it takes no memory."""
    piece = filling * (MEGABYTE // len(filling))
    times = size // len(piece)
    deflate = zlib.compressobj(9)
    head = deflate.compress(start) + deflate.flush(zlib.Z_FULL_FLUSH)
    block = deflate.compress(piece) + deflate.flush(zlib.Z_FULL_FLUSH)  # flushed, it needs nothing before it
    checksum = zlib.adler32(start)
    for _ in range(times):
        checksum = zlib.adler32(piece, checksum)
    return head + block * times + b"\x03\x00" + checksum.to_bytes(4)


def lzw_spaces(size: int) -> bytes:
    """Compress about so many spaces: each code is one space longer than the last one, until the table is full."""
    codes = [32, *range(258, 4094), 256]  # 256 clears the table
    widths = [9] + [(258 + place).bit_length() for place in range(1, len(codes))]
    cycle = "".join(f"{code:0{width}b}" for code, width in zip(codes, widths, strict=True))
    clear = f"{256:09b}"
    spaces = sum(range(1, len(codes)))
    whole = [int(bits * 8, 2).to_bytes(len(bits)) for bits in (clear, cycle)]  # eight times anything is whole bytes
    return whole[0] + whole[1] * (size // spaces // 8) + b"\x80\x80"


def with_content(
    path: Path,
    data: bytes,
    filters: bytes = b"",
    *,
    times: int = 1,
    resources: bytes = FONTS,
    more: Objects | None = None,
) -> Path:
    """Write a book whose page 3 draws its text and then this data, so many times."""
    book = sound_book() | {EXTRA: stream(data, filters)} | (more or {})
    book[BAD] = page_object(b"[%d 0 R %s]" % (BAD_TEXT, b"%d 0 R " % EXTRA * times), resources=resources)
    return save(path, book)


def noise(size: int) -> bytes:
    """Return so many bytes that look random and are always the same."""
    return hashlib.shake_256(b"noise").digest(size)
