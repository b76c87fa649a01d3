"""PDFs for tests, written by reportlab: another library than the ones that read them."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from textwrap import wrap

from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas


LINES_PER_PAGE = 40


def write_pages(path: Path, pages: Sequence[Iterable[str]], *, password: str | None = None) -> Path:
    """A PDF whose pages hold these lines; a page without lines is blank."""
    encrypt = None if password is None else StandardEncryption(password, strength=128)
    canvas = Canvas(str(path), invariant=True, encrypt=encrypt)
    for lines in pages:
        text = canvas.beginText(60, 780)
        text.setFont("Times-Roman", 12)
        text.setLeading(16)
        for line in lines:
            text.textLine(line)
        canvas.drawText(text)
        canvas.showPage()
    canvas.save()
    return path


def write_figure(path: Path, caption: Sequence[str], *, width: int) -> Path:
    """A page with a picture, so many points wide and half as high, and a caption."""
    canvas = Canvas(str(path), invariant=True)
    canvas.drawInlineImage(Image.new("L", (40, 20)), 60, 400, width, width // 2)
    for at, line in enumerate(caption):
        canvas.drawString(60, 380 - 16 * at, line)
    canvas.showPage()
    canvas.save()
    return path


def write_prose(path: Path, sentences: Sequence[str], *, lines_per_page: int = LINES_PER_PAGE) -> Path:
    """A PDF of running text, so that sentences cross lines and pages."""
    lines = wrap(" ".join(sentences), 80, break_on_hyphens=False)
    return write_pages(path, [lines[at : at + lines_per_page] for at in range(0, len(lines), lines_per_page)])


def write_numbered(path: Path, pages: int) -> Path:
    """A PDF of that many pages, each with a sentence that names it."""
    return write_pages(path, [[f"This is page {number} of the book."] for number in range(1, pages + 1)])


_GOODS = (
    *("anchor", "basket", "candle", "desert", "engine", "forest", "garden", "harbour", "island", "jacket"),
    *("kettle", "ladder", "meadow", "needle", "orchard", "pencil", "quarry", "ribbon", "saddle", "temple"),
)


def sales(page: int, sentences: int = 12) -> list[str]:
    """Sentences that no other page has, each short enough for a line."""
    return [
        f"On page {page} the {_GOODS[(page * 7 + number) % 20]} was sold for the {_GOODS[(page + number * 3) % 20]},"
        f" line {number}."
        for number in range(1, sentences + 1)
    ]


def write_scan(path: Path) -> Path:
    """One page with a drawing and no text."""
    canvas = Canvas(str(path), invariant=True)
    canvas.rect(100, 100, 200, 200, fill=1)
    canvas.showPage()
    canvas.save()
    return path


def write_without_pages(path: Path) -> Path:
    """A well-formed PDF with an empty page tree."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>"]
    data, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    data += b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        table,
        size,
        len(data),
    )
    path.write_bytes(data)
    return path
