"""Bombs: small on disk, and more than a page may be once they are read. 1 GiB of content is about 1 MB of file."""

import base64
import zlib
from pathlib import Path

from tools.documents.hostile_pdfs.pdf_objects import (
    BAD,
    EXTRA,
    FONTS,
    GIGABYTE,
    MEGABYTE,
    Objects,
    deflated,
    lzw_spaces,
    object_stream,
    save_packed,
    sound_book,
    stream,
    with_content,
)


def flate_bomb(path: Path, *, size: int = GIGABYTE, times: int = 1) -> Path:
    """A page draws a GiB of nothing, inflated from a MB, or some of them, which PDFium strings together."""
    return with_content(path, deflated(b"q Q ", size), b"/Filter /FlateDecode", times=times)


def flate_twice_bomb(path: Path, *, size: int = GIGABYTE) -> Path:
    """The same, deflated once more to a few KB."""
    return with_content(path, zlib.compress(deflated(b"q Q ", size), 9), b"/Filter [/FlateDecode /FlateDecode]")


def lzw_bomb(path: Path, *, size: int = GIGABYTE) -> Path:
    """A page draws a GiB of spaces by LZWDecode."""
    return with_content(path, lzw_spaces(size), b"/Filter /LZWDecode")


def run_length_bomb(path: Path, *, size: int = GIGABYTE) -> Path:
    """A page draws a GiB of spaces by RunLengthDecode, which does no better than 64 to 1: a file of 16 MB."""
    return with_content(path, b"\x81 " * (size // 128) + b"\x80", b"/Filter /RunLengthDecode")


def ascii_hex_bomb(path: Path, *, size: int = GIGABYTE) -> Path:
    """A flate bomb behind ASCIIHexDecode."""
    return with_content(path, deflated(b"q Q ", size).hex().encode() + b">", b"/Filter [/ASCIIHexDecode /FlateDecode]")


def ascii85_bomb(path: Path, *, size: int = GIGABYTE) -> Path:
    """A flate bomb behind ASCII85Decode."""
    data = base64.a85encode(deflated(b"q Q ", size)) + b"~>"
    return with_content(path, data, b"/Filter [/ASCII85Decode /FlateDecode]")


def text_bomb(path: Path, *, size: int = 400 * MEGABYTE) -> Path:
    """A page shows text forty million times."""
    shows = deflated(b"(aaaa) Tj ", size, start=b"BT /F1 12 Tf 60 700 Td ")
    return with_content(path, shows, b"/Filter /FlateDecode")


def string_bomb(path: Path, *, size: int = 200 * MEGABYTE) -> Path:
    """A page shows one string of 200 MB."""
    data = deflated(b"a", size, start=b"BT /F1 12 Tf 60 700 Td (")
    return with_content(path, data, b"/Filter /FlateDecode")


def form_bomb(path: Path, *, levels: int = 10, fan: int = 10) -> Path:
    """Billion laughs: a form draws ten forms that draw ten forms …, and the last shows text."""
    forms: Objects = {}
    for level in range(1, levels + 1):
        number = EXTRA + level
        last = level == levels
        draws = b"BT /F1 12 Tf 60 700 Td (ha) Tj ET" if last else b"/Next Do " * fan
        uses = FONTS if last else b"/XObject << /Next %d 0 R >>" % (number + 1)
        forms[number] = stream(draws, b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << %s >>" % uses)
    first = FONTS + b" /XObject << /First %d 0 R >>" % (EXTRA + 1)
    return with_content(path, b"/First Do", resources=first, more=forms)


def object_stream_bomb(path: Path, *, size: int = GIGABYTE) -> Path:
    """Page 3 is in an object stream that inflates to a GiB."""
    book = sound_book()
    book[EXTRA] = object_stream({BAD: book.pop(BAD)}, spaces=size)
    return save_packed(path, book, inside={EXTRA: [BAD]})


def xref_stream_bomb(path: Path, *, size: int = GIGABYTE) -> Path:
    """The xref stream inflates to a GiB, more than it declares."""
    return save_packed(path, sound_book(), zeros=size)


def xref_of_free_objects(path: Path, *, size: int = GIGABYTE) -> Path:
    """The xref stream inflates to a GiB, and declares it all: 134 million free objects."""
    return save_packed(path, sound_book(), zeros=size, size=EXTRA + 1 + size // 8)
