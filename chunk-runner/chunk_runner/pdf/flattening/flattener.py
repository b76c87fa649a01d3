"""Flattening the pages of an open file, each once, in place.

A page that cannot be flattened wholly keeps what can be; its caller says so to the user.
"""

from __future__ import annotations

import logging
from dataclasses import replace

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Page

from chunk_runner.pdf.flattening.annotations import is_part_of_field, may_show, shown
from chunk_runner.pdf.flattening.fields import TEXT_LIMIT
from chunk_runner.pdf.flattening.geometry import rectangle
from chunk_runner.pdf.flattening.hidden_content import LayerRemover, uses_layers
from chunk_runner.pdf.flattening.layers import Layers
from chunk_runner.pdf.flattening.overlay import Overlay


log = logging.getLogger(__name__)

_ANNOTATIONS_LIMIT = 5000
"""Annotations of a page that are drawn; a dense form has 500."""

DAMAGE = (pikepdf.PdfError, ValueError, TypeError, AttributeError, KeyError, IndexError, OverflowError, RuntimeError)
"""The errors that damaged or hostile objects make pikepdf raise."""


class Flattener:
    """Flattens pages of a file.

    Args:
        pdf: The file.
    """

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self._pdf = pdf
        self._layers, self._regenerates = _settings(pdf)
        self._remover = LayerRemover(pdf, self._layers)
        self._fonts: dict[str, Object] = {}
        self._incomplete = pikepdf.ObjectSet()

    def changes(self, page: Object) -> bool:
        """Return True if flattening may change a page; looks at no content."""
        return bool(self._layers.off) or any(map(may_show, _annotations(page)))

    def flatten(self, page: Object) -> bool:
        """Flatten a page: draw its annotations, remove them, and remove hidden layers.

        Returns:
            False if something that a viewer shows could not be drawn, or something hidden could not be removed, now or
            earlier.
        """
        annotations = _annotations(page)
        if Name.Annots in page:
            del page[Name.Annots]
        is_complete = page not in self._incomplete
        try:
            if any(map(may_show, annotations)):
                is_complete &= self._draw(Page(page), annotations)
            if self._layers.off:
                is_complete &= self._remover.remove(Page(page))
        except DAMAGE:
            log.debug("cannot flatten a page", exc_info=True)
            is_complete = False
        if not is_complete:
            self._incomplete.add(page)
        return is_complete

    def is_flat(self, page: Object) -> bool:
        """Return True if a page needs no flattening, or no more of it."""
        return not self.changes(page) and page not in self._incomplete

    def is_doubtful(self, page: Page) -> bool:
        """Return True if a page has layers, or widgets without a field: libraries may leave their states behind."""
        try:
            return any(map(is_part_of_field, _annotations(page.obj))) or any(
                map(uses_layers, page.content_scopes(kinds=("page", "form")))
            )
        except DAMAGE:
            return True

    def _draw(self, page: Page, annotations: list[Object]) -> bool:
        """Draw annotations; return False if some could not be drawn wholly."""
        overlay = Overlay(self._pdf, page, self._fonts)
        is_complete = len(annotations) <= _ANNOTATIONS_LIMIT
        for annotation in annotations[:_ANNOTATIONS_LIMIT]:
            try:
                if isinstance(annotation, Dictionary) and not self._layers.hide(annotation.get("/OC")):
                    is_complete &= self._draw_one(overlay, page, annotation)
            except DAMAGE:
                log.debug("cannot draw an annotation", exc_info=True)
                is_complete = False
        return overlay.apply() and is_complete

    def _draw_one(self, overlay: Overlay, page: Page, annotation: Dictionary) -> bool:
        """Draw an annotation; return False if its text is too long to be drawn wholly."""
        found = shown(annotation, turns=page.rotation // 90, regenerates=self._regenerates)
        rect = rectangle(annotation.get("/Rect"))
        writing, comment = found.writing, found.comment
        if rect is not None and overlay.is_on_page(rect):
            if found.appearance is not None and not self._layers.hide(found.appearance.stream_dict.get("/OC")):
                overlay.draw(annotation, found.appearance, found.mark)
            if writing is not None:
                overlay.write(rect, replace(writing, text=writing.text[:TEXT_LIMIT]), found.mark)
        if comment:
            overlay.comment(found.comment_mark, comment[:TEXT_LIMIT])
        return max(len(comment), len(writing.text) if writing else 0) <= TEXT_LIMIT


def _annotations(page: Object) -> list[Object]:
    found = page.get("/Annots") if isinstance(page, Dictionary) else None
    return list(found.as_list()) if isinstance(found, Array) else []


def _settings(pdf: pikepdf.Pdf) -> tuple[Layers, bool]:
    """Return the layers of a file, and whether viewers draw the values of fields anew."""
    try:
        form = pdf.Root.get("/AcroForm")
        return Layers.of(pdf), isinstance(form, Dictionary) and bool(form.get("/NeedAppearances"))
    except DAMAGE:
        log.debug("cannot read the catalog", exc_info=True)
        return Layers(), False
