"""No attacks, but files that splitting has to get right: what may not travel with a chunk, and what is shared."""

from pathlib import Path

from tools.documents.hostile_pdfs.pdf_objects import (
    BAD,
    BAD_TEXT,
    CATALOG,
    EXTRA,
    FONTS,
    noise,
    page_numbers,
    page_object,
    save,
    sound_book,
    stream,
    text,
)


def with_trees(path: Path, *, on_page: bool = False) -> Path:
    """A book with a script, an attachment, a form and an outline, each of which holds a mark.

    The marks, in plain bytes, are MARKER-JAVASCRIPT, MARKER-ATTACHMENT, MARKER-FORM and MARKER-OUTLINE.

    Args:
        path: The file to write.
        on_page: Whether page 3 refers to the script, the attachment and the form, too, by annotations and an action.
    """
    script, field, widget, file, item = range(EXTRA, EXTRA + 5)
    specification, outline = EXTRA + 5, EXTRA + 6
    book = sound_book() | {
        CATALOG: b"<< /Type /Catalog /Pages 2 0 R /OpenAction %d 0 R /AcroForm << /Fields [%d 0 R] >> /Outlines %d 0 R"
        b" /Names << /EmbeddedFiles << /Names [(attached.txt) %d 0 R] >>"
        b" /JavaScript << /Names [(script) %d 0 R] >> >> >>" % (script, field, outline, specification, script),
        script: b"<< /S /JavaScript /JS (app.alert\\('MARKER-JAVASCRIPT'\\)) >>",
        field: b"<< /FT /Tx /T (name) /V (MARKER-FORM) /Kids [%d 0 R] >>" % widget,
        widget: b"<< /Type /Annot /Subtype /Widget /Rect [60 60 200 80] /Parent %d 0 R >>" % field,
        file: stream(b"MARKER-ATTACHMENT", b"/Type /EmbeddedFile"),
        item: b"<< /Title (MARKER-OUTLINE) /Parent %d 0 R /Dest [%d 0 R /Fit] >>" % (outline, BAD),
        specification: b"<< /Type /Filespec /F (attached.txt) /EF << /F %d 0 R >> >>" % file,
        outline: b"<< /Type /Outlines /First %d 0 R /Last %d 0 R /Count 1 >>" % (item, item),
    }
    if on_page:
        attached = b"<< /Type /Annot /Subtype /FileAttachment /Rect [9 9 20 20] /FS %d 0 R >>" % specification
        entries = b"/Annots [%d 0 R %s] /AA << /O %d 0 R >>" % (widget, attached, script)
        book[BAD] = page_object(b"%d 0 R" % BAD_TEXT, entries=entries)
    return save(path, book)


def shared_images(path: Path, *, pages: int = 600, images: int = 300, kilobytes: int = 60) -> Path:
    """A book whose pages share one resource dictionary of images, and each of which draws one of them."""
    book = sound_book(pages)
    first = max(book) + 2
    names = b" ".join(b"/Im%d %d 0 R" % (image, first + image) for image in range(images))
    book[first - 1] = b"<< %s /XObject << %s >> >>" % (FONTS, names)
    for number, page in enumerate(page_numbers(pages), start=1):
        book[page] = book[page].replace(b"<< %s >>" % FONTS, b"%d 0 R" % (first - 1))
        book[page + 1] = stream(text(number) + b" q 100 0 0 100 400 50 cm /Im%d Do Q" % (number % images))
    pixels = noise(kilobytes * 1024 + images)
    for image in range(images):
        book[first + image] = stream(
            pixels[image : image + kilobytes * 1024],
            b"/Type /XObject /Subtype /Image /Width 64 /Height %d /BitsPerComponent 8 /ColorSpace /DeviceGray"
            % (kilobytes * 16),
        )
    return save(path, book)
