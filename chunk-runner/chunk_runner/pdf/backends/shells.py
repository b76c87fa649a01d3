"""Files whose pages are no more than a shell, because the content is elsewhere: XFA forms and portfolios.

Runs in the sandbox. A form that is filled in on its pages is no shell, whatever else the file has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

import pikepdf


_XFA = (
    "The file is an XFA form: its pages are a placeholder, and the form itself, which only Adobe Acrobat shows, is not"
    " processed. Print it to a PDF in Acrobat, and process that."
)

_FILLABLE = (pikepdf.Name.Btn, pikepdf.Name.Tx, pikepdf.Name.Ch)
"""The types of fields to fill in: buttons, text and choices. A signature says nothing of the page."""

_FIELD_DEPTH = 32
"""Fields above a widget that may name its type; a form needs a few, and a cycle has no end."""

_DAMAGE = (pikepdf.PdfError, AttributeError, KeyError, TypeError, ValueError, RuntimeError)
"""A damaged form or portfolio raises any of these; its pages may be sound."""


def content_elsewhere(pdf: pikepdf.Pdf, pages: Iterable[pikepdf.Object]) -> tuple[str, ...]:
    """Return one sentence for each kind of content that the file has, but not on its pages.

    Args:
        pdf: The file.
        pages: Its pages.
    """
    found = []
    with suppress(*_DAMAGE):
        if _is_xfa_shell(pdf, pages):
            found.append(_XFA)
    with suppress(*_DAMAGE):
        if isinstance(pdf.Root.get("/Collection"), pikepdf.Dictionary) and (files := len(pdf.attachments)):
            found.append(
                f"The file is a portfolio: its cover is processed, but not the files in it ({files})."
                " Extract them, for example with pdfdetach -saveall, and process each."
            )
    return tuple(found)


def _is_xfa_shell(pdf: pikepdf.Pdf, pages: Iterable[pikepdf.Object]) -> bool:
    """Return true if an XFA form takes the place of the pages (ISO 32000-1, 12.7.8)."""
    form = pdf.Root.get("/AcroForm")
    if not isinstance(form, pikepdf.Dictionary) or not form.get("/XFA"):
        return False
    if pdf.Root.get("/NeedsRendering"):
        return True
    return not any(_is_fillable(widget) for page in pages for widget in _widgets(page))


def _widgets(page: pikepdf.Object) -> Iterator[pikepdf.Object]:
    annotations = page.get("/Annots")
    if isinstance(annotations, pikepdf.Array):
        for annotation in annotations:
            if isinstance(annotation, pikepdf.Dictionary) and annotation.get("/Subtype") == pikepdf.Name.Widget:
                yield annotation


def _is_fillable(widget: pikepdf.Object) -> bool:
    """Return true if the widget is a field to fill in."""
    field: pikepdf.Object | None = widget
    for _ in range(_FIELD_DEPTH):
        if not isinstance(field, pikepdf.Dictionary):
            return False
        if "/FT" in field:
            return field.FT in _FILLABLE
        field = field.get("/Parent")
    return False
