"""The content that is added to a page: appearances of annotations, text in rectangles, and comments beside the page."""

from __future__ import annotations

from typing import NamedTuple

import pikepdf
from pikepdf import Annotation, Array, Dictionary, Name, Object, Page, Stream

from chunk_runner.pdf.annotation_text import Mark
from chunk_runner.pdf.flattening.annotations import Writing
from chunk_runner.pdf.flattening.fonts import PageFonts
from chunk_runner.pdf.flattening.geometry import Frame, Rectangle, box_of, rectangle
from chunk_runner.pdf.flattening.streams import contents_of, fits
from chunk_runner.pdf.flattening.typesetting import (
    ADVANCE,
    LEADING,
    fit,
    in_visual_order,
    wrap,
)


_BASELINE = 0.25
"""The distance from the lower edge of a line to its baseline, as a share of the font's size."""

_PANE_COLUMNS = 36
_PANE_SIZE = 9.0
_PANE_MARGIN = 12.0
_PANE_LINE = _PANE_SIZE * LEADING
_PANE_WIDTH = _PANE_COLUMNS * ADVANCE * _PANE_SIZE + 2 * _PANE_MARGIN
_PANES_LIMIT = 20
"""Panes for comments, to the right of the page: characters per line, size, margin, line distance and width in points,
and the number of panes of a page."""

_MARKS_AT = -10_000
"""Marks stand at this height, far from all text: a library that compares heights then breaks the line."""

_APPEARANCE_KEYS = frozenset(
    {
        *("/Type", "/Subtype", "/FormType", "/BBox", "/Matrix", "/Resources", "/Group"),
        *("/Filter", "/DecodeParms", "/Length"),
    }
)

_APPEARANCE_BYTES = 64 * 2**20
"""Decoded content of an appearance that is drawn."""

_CONTENT_BYTES = 2**19
"""Decoded content of a page whose graphics states are counted; a larger one is taken to be balanced."""


class Comment(NamedTuple):
    """A text to set beside the page."""

    mark: Mark
    text: str


class Overlay:
    """The content that is added to one page.

    Args:
        pdf: The file.
        page: The page.
        shared_fonts: See `PageFonts`.
    """

    def __init__(self, pdf: pikepdf.Pdf, page: Page, shared_fonts: dict[str, Object]) -> None:
        self._pdf = pdf
        self._page = page
        self._fonts = PageFonts(pdf, shared_fonts)
        self._forms: dict[str, Object] = {}
        self._parts: list[str] = []
        self._marks = 0
        self._comments: list[Comment] = []
        resources = page.get_resources()
        self._resources = dict(resources.items()) if resources is not None else {}
        self._box = box_of(page)

    def draw(self, annotation: Dictionary, appearance: Stream, mark: Mark) -> None:
        """Draw an appearance as a viewer would.

        Raises:
            ValueError: It is too large.
        """
        if not fits([scope.content for scope in Page(appearance).content_scopes()], _APPEARANCE_BYTES):
            raise ValueError("the appearance is too large")
        name = f"PdfJobForm{len(self._forms)}"
        _make_form(appearance, rectangle(annotation.get("/Rect")))
        drawn = Dictionary(Rect=annotation.Rect, F=annotation.get("/F", 0), AP=Dictionary(N=appearance))
        content = Annotation(drawn).get_page_content_for_appearance(Name(f"/{name}"), self._page.rotation, 0, 0)
        if content:
            self._mark(mark)
            self._forms[name] = appearance
            self._parts.append(content.decode("latin-1"))

    def write(self, rect: Rectangle, writing: Writing, mark: Mark) -> None:
        """Draw text in a rectangle, or beside the page if it does not fit there in a legible size."""
        if not writing.text.strip():
            return
        frame = Frame.around(rect.clipped(self._box), writing.turns)
        text = fit(writing.text, frame.width, frame.height, writing.size, is_multiline=writing.is_multiline)
        if text is None:
            self.comment(mark if writing.is_multiline else Mark.TEXT, writing.text)
            return
        self._mark(mark)
        top = frame.height if writing.is_multiline else (frame.height + LEADING * text.size) / 2
        for at, line in enumerate(text.lines):
            self._set_line(line, text.size, frame, (0, top - at * LEADING * text.size), is_visible=writing.is_visible)

    def is_on_page(self, rect: Rectangle) -> bool:
        """Return True if a viewer shows some of a rectangle."""
        visible = rect.clipped(self._box)
        return visible.width > 0 and visible.height > 0

    def comment(self, mark: Mark, text: str) -> None:
        """Set a text beside the page."""
        self._comments.append(Comment(mark, text))

    def apply(self) -> bool:
        """Add everything to the page.

        Returns:
            False if there is not enough room for all comments.
        """
        is_complete = self._set_comments()
        if not self._parts:
            return is_complete
        self._page.obj.Resources = Dictionary(
            self._resources
            | {
                "/XObject": self._extended("/XObject", self._forms),
                "/Font": self._extended("/Font", self._fonts.resources()),
            }
        )
        below, above = _unbalanced_states(self._page)
        self._page.contents_add(b"q\n" * below, prepend=True)
        self._page.contents_add(b"\n" + b"Q\n" * above + "\n".join(self._parts).encode("latin-1"))
        return is_complete

    def _mark(self, mark: Mark) -> None:
        """Draw a mark, which no viewer shows: outside the page, in invisible text."""
        self._marks += 1  # PDFium leaves out a character that is drawn twice at one place
        font, data = self._fonts.mark(mark)
        self._parts.append(f"BT /{font} 10 Tf 3 Tr {20 * self._marks} {_MARKS_AT} Td {data} Tj ET")

    def _extended(self, kind: str, more: dict[str, Object]) -> Dictionary:
        """Return resources of the page with more of them, as an object of its own: pages may share theirs."""
        found = self._resources.get(kind)
        own = dict(found.items()) if isinstance(found, Dictionary) else {}
        return Dictionary(own | {f"/{name}": value for name, value in more.items()})

    def _set_line(
        self, line: str, size: float, frame: Frame, top_left: tuple[float, float], *, is_visible: bool = True
    ) -> None:
        """Draw a line of text below a point of a frame."""
        font, data = self._fonts.encode(in_visual_order(line))
        left, top = top_left
        x, y = frame.on_page(left, top - (LEADING - _BASELINE) * size)
        matrix = " ".join(f"{value:.3f}" for value in (*frame.matrix[:4], x, y))
        self._parts.append(f"q BT 0 g {0 if is_visible else 3} Tr /{font} {size:.3f} Tf {matrix} Tm {data} Tj ET Q")

    def _set_comments(self) -> bool:
        """Set the comments in panes to the right of the page, as it is displayed, and make the page wider."""
        if not self._comments:
            return True
        frame = Frame.around(self._box, self._page.rotation // 90)
        capacity = max(int((frame.height - 2 * _PANE_MARGIN) / _PANE_LINE), 1)
        row = 0
        is_complete = True
        for mark, text in self._comments:
            lines = list(wrap(text, _PANE_COLUMNS))
            room = max(_PANES_LIMIT * capacity - row, 0)
            is_complete &= len(lines) <= room
            if lines[:room]:
                self._mark(mark)
            for line in lines[:room]:
                pane, at = divmod(row, capacity)
                place = (frame.width + pane * _PANE_WIDTH + _PANE_MARGIN, frame.height - _PANE_MARGIN - at * _PANE_LINE)
                self._set_line(line, _PANE_SIZE, frame, place)
                row += 1
            row += 1
        panes = (row - 2) // capacity + 1
        x, y = frame.on_page(frame.width + panes * _PANE_WIDTH, frame.height)
        self._enlarge(self._box.united(Rectangle(x, y, x, y)))
        return is_complete

    def _enlarge(self, box: Rectangle) -> None:
        media_box = rectangle(self._page.mediabox) or box
        self._page.obj.MediaBox = Array(box.united(media_box))
        self._page.obj.CropBox = Array(box)


def _make_form(appearance: Stream, rect: Rectangle | None) -> None:
    """Give an appearance what a form XObject must have, and leave it nothing else that would travel with it."""
    for key in {*appearance.stream_dict.keys()} - _APPEARANCE_KEYS:
        del appearance.stream_dict[key]
    appearance.stream_dict.Type = Name.XObject
    appearance.stream_dict.Subtype = Name.Form
    if rectangle(appearance.stream_dict.get("/BBox")) is None and rect is not None:
        appearance.stream_dict.BBox = Array([0, 0, rect.width, rect.height])


def _unbalanced_states(page: Page) -> tuple[int, int]:
    """Return how many graphics states to save before a page's content and to restore after it, to undo all it does."""
    if not fits(contents_of(page.obj), _CONTENT_BYTES):
        return 1, 1
    depth = lowest = 0
    for instruction in pikepdf.parse_content_stream(page, operators="q Q"):
        depth += 1 if str(instruction.operator) == "q" else -1
        lowest = min(lowest, depth)
    return 1 - lowest, 1 - lowest + depth
