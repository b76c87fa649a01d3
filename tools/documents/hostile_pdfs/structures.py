"""Cross references, streams and nested objects that loop, lie about their size, or go too deep."""

from pathlib import Path

from tools.documents.hostile_pdfs.pdf_objects import (
    BAD,
    BAD_PAGE,
    BAD_TEXT,
    EXTRA,
    FONTS,
    body_of,
    noise,
    object_stream,
    page_object,
    save,
    save_packed,
    sound_book,
    stream,
    table,
    text,
    trailer,
    unmeasured,
    with_content,
)


def prev_loop(path: Path) -> Path:
    """Two xref tables, each of which says that the other is the one before."""
    body, offsets = body_of(sound_book())
    size = max(offsets) + 1
    first = len(body)
    second = first + len(b"xref\n0 0\n" + trailer(size, first, b"/Prev %010d" % first))
    path.write_bytes(
        b"%sxref\n0 0\n%s%s%s"
        % (
            body,
            trailer(size, first, b"/Prev %010d" % second),
            table(offsets),
            trailer(size, second, b"/Prev %010d" % first),
        )
    )
    return path


def prev_stream_loop(path: Path) -> Path:
    """An xref stream that says that it is itself the one before."""
    return save_packed(path, sound_book(), prev_loop=True)


def declared_table(path: Path, *, entries: int = 10_000_000) -> Path:
    """An xref table that declares ten million entries, in a file of 2 KB."""
    body, offsets = body_of(sound_book())
    path.write_bytes(body + table(offsets, declared=entries) + trailer(entries, len(body)))
    return path


def declared_stream(path: Path, *, entries: int = (1 << 31) - 1) -> Path:
    """An xref stream that declares as many entries as a signed integer can."""
    return save_packed(path, sound_book(), size=entries)


def nested_content(path: Path, *, opens: bytes, closes: bytes = b"", depth: int = 100_000) -> Path:
    """What page 3 draws is a hundred thousand levels deep."""
    return with_content(path, opens * depth + closes * depth)


def nested_object(path: Path, *, opens: bytes, closes: bytes, depth: int = 100_000) -> Path:
    """An object of page 3 is a hundred thousand levels deep."""
    book = sound_book() | {EXTRA: opens * depth + closes * depth}
    book[BAD] = page_object(b"%d 0 R" % BAD_TEXT, entries=b"/PieceInfo %d 0 R" % EXTRA)
    return save(path, book)


def garbage_content(path: Path) -> Path:
    """What page 3 draws is declared to be deflated, and is not."""
    return save(path, sound_book() | {BAD_TEXT: stream(noise(4096), b"/Filter /FlateDecode")})


def length_of_itself(path: Path) -> Path:
    """The length of what page 3 draws is the very stream."""
    return save(path, sound_book() | {BAD_TEXT: unmeasured(text(BAD_PAGE), BAD_TEXT)})


def length_inside(path: Path) -> Path:
    """Page 3 is in an object stream whose length is in that stream, too."""
    book, number = sound_book(), EXTRA + 1
    page = book.pop(BAD)
    index = b"%d 0 %d %d " % (BAD, number, len(page) + 1)
    data = b"%b%b %d" % (index, page, len(index) + len(page) + len(" 123"))
    book[EXTRA] = unmeasured(data, number, b"/Type /ObjStm /N 2 /First %d" % len(index))
    return save_packed(path, book, inside={EXTRA: [BAD, number]})


def extends_loop(path: Path) -> Path:
    """Page 3 is in an object stream that extends one that extends it."""
    book = sound_book()
    book[EXTRA] = object_stream({BAD: book.pop(BAD)}, b"/Extends %d 0 R" % (EXTRA + 1))
    book[EXTRA + 1] = object_stream({EXTRA + 2: b"null"}, b"/Extends %d 0 R" % EXTRA)
    return save_packed(path, book, inside={EXTRA: [BAD], EXTRA + 1: [EXTRA + 2]})


def object_stream_in_itself(path: Path) -> Path:
    """Page 3 is in an object stream that, so the xref, is in itself."""
    book = sound_book()
    book[EXTRA] = object_stream({BAD: book.pop(BAD)})
    return save_packed(path, book, inside={EXTRA: [BAD, EXTRA]})


def form_loop(path: Path) -> Path:
    """A form draws itself, twice."""
    uses = b"/XObject << /Me %d 0 R >>" % (EXTRA + 1)
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << %s >>" % uses
    return with_content(path, b"/Me Do", resources=FONTS + uses, more={EXTRA + 1: stream(b"/Me Do /Me Do", form)})
