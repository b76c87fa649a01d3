"""Annotations, form fields and layers that contain themselves, are too many, or grow when they are decoded."""

from pathlib import Path

from tools.documents.hostile_pdfs.pdf_objects import (
    BAD,
    BAD_TEXT,
    CATALOG,
    EXTRA,
    FONTS,
    GIGABYTE,
    Objects,
    deflated,
    page_object,
    save,
    sound_book,
    stream,
)


_FORM = b"/Type /XObject /Subtype /Form /BBox [0 0 100 20] /Resources << %s >>"
_WIDGET = b"/Type /Annot /Subtype /Widget /Rect [60 60 160 80]"


def _with_annotations(path: Path, annotations: bytes, more: Objects) -> Path:
    """Write a book whose page 3 has these annotations."""
    book = sound_book() | more
    book[BAD] = page_object(b"%d 0 R" % BAD_TEXT, entries=b"/Annots %s" % annotations)
    return save(path, book)


def _with_appearance(path: Path, appearance: bytes) -> Path:
    annotation = b"<< /Type /Annot /Subtype /Stamp /Rect [60 60 160 80] /AP << /N %d 0 R >> >>" % (EXTRA + 1)
    return _with_annotations(path, b"[%d 0 R]" % EXTRA, {EXTRA: annotation, EXTRA + 1: appearance})


def appearance_loop(path: Path) -> Path:
    """The appearance of a stamp draws itself, twice."""
    uses = b"/XObject << /Me %d 0 R >>" % (EXTRA + 1)
    return _with_appearance(path, stream(b"/Me Do /Me Do", _FORM % uses))


def appearance_bomb(path: Path, *, size: int = GIGABYTE) -> Path:
    """The appearance of a stamp is 1 MB that decode to a gigabyte."""
    data = deflated(b"0 0 m ", size)
    return _with_appearance(path, stream(data, _FORM % FONTS + b" /Filter /FlateDecode"))


def many_annotations(path: Path, *, count: int = 300_000) -> Path:
    """Page 3 has one annotation three hundred thousand times."""
    field = b"<< %s /FT /Tx /V (yes) >>" % _WIDGET
    return _with_annotations(path, b"[%s]" % (b"%d 0 R " % EXTRA * count), {EXTRA: field})


def annotations_in_themselves(path: Path) -> Path:
    """The annotations of page 3 are an array that contains itself."""
    return _with_annotations(path, b"%d 0 R" % EXTRA, {EXTRA: b"[%d 0 R %d 0 R]" % (EXTRA, EXTRA)})


def field_loop(path: Path) -> Path:
    """A field is the parent of its own parent, and each is its own kid."""
    one = b"<< %s /Parent %d 0 R /Kids [%d 0 R] >>" % (_WIDGET, EXTRA + 1, EXTRA)
    other = b"<< /T (a) /Parent %d 0 R /Kids [%d 0 R %d 0 R] >>" % (EXTRA, EXTRA, EXTRA + 1)
    return _with_annotations(path, b"[%d 0 R]" % EXTRA, {EXTRA: one, EXTRA + 1: other})


def value_bomb(path: Path, *, size: int = GIGABYTE) -> Path:
    """The value of a field is 1 MB that decode to a gigabyte."""
    field = b"<< %s /FT /Tx /V %d 0 R >>" % (_WIDGET, EXTRA + 1)
    value = stream(deflated(b"word ", size), b"/Filter /FlateDecode")
    return _with_annotations(path, b"[%d 0 R]" % EXTRA, {EXTRA: field, EXTRA + 1: value})


def absurd_rectangles(path: Path) -> Path:
    """Annotations of page 3 have rectangles that no page has."""
    rectangles = (b"[0 0 %b %b]" % (b"9" * 38, b"9" * 38), b"[(a) /b null]", b"[60 60 60 60]", b"42")
    entries = b" ".join(b"<< /Type /Annot /Subtype /FreeText /Contents (yes) /Rect %b >>" % it for it in rectangles)
    return _with_annotations(path, b"[%s]" % entries, {})


def layer_bomb(path: Path, *, size: int = GIGABYTE) -> Path:
    """A layer is off, and page 3 draws 1 MB that decode to a gigabyte."""
    group = b"<< /Type /OCG /Name (off) >>"
    properties = b"/OCProperties << /OCGs [%d 0 R] /D << /OFF [%d 0 R] >> >>" % (EXTRA, EXTRA)
    book = sound_book() | {
        CATALOG: b"<< /Type /Catalog /Pages 2 0 R %s >>" % properties,
        EXTRA: group,
        EXTRA + 1: stream(deflated(b"0 0 m ", size), b"/Filter /FlateDecode"),
    }
    book[BAD] = page_object(b"[%d 0 R %d 0 R]" % (BAD_TEXT, EXTRA + 1))
    return save(path, book)


def expression_loop(path: Path) -> Path:
    """A layer is off, and a form on page 3 depends on an expression that contains itself."""
    properties = b"/OCProperties << /OCGs [%d 0 R] /D << /OFF [%d 0 R] >> >>" % (EXTRA, EXTRA)
    uses = FONTS + b" /Properties << /P %d 0 R >>" % (EXTRA + 1)
    book = sound_book() | {
        CATALOG: b"<< /Type /Catalog /Pages 2 0 R %s >>" % properties,
        EXTRA: b"<< /Type /OCG /Name (off) >>",
        EXTRA + 1: b"<< /Type /OCMD /VE %d 0 R >>" % (EXTRA + 2),
        EXTRA + 2: b"[/And %d 0 R %d 0 R]" % (EXTRA + 2, EXTRA + 2),
        EXTRA + 3: stream(b"/OC /P BDC 0 0 9 9 re f EMC"),
    }
    book[BAD] = page_object(b"[%d 0 R %d 0 R]" % (BAD_TEXT, EXTRA + 3), resources=uses)
    return save(path, book)
