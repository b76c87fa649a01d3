"""The parts of an annotation that a viewer on a screen shows: its appearance, text that the viewer draws, a comment."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pikepdf import AnnotationFlag, Dictionary, Name, Stream

from chunk_runner.pdf.annotation_text import Mark
from chunk_runner.pdf.flattening.fields import Field, FieldFlag, font_size, plain_text, text_of
from chunk_runner.pdf.flattening.geometry import rectangle
from chunk_runner.pdf.flattening.streams import may_show_text
from chunk_runner.pdf.flattening.typesetting import LEADING, USUAL_SIZE


_COMMENTED = frozenset(
    {
        *("/Text", "/Line", "/Square", "/Circle", "/Polygon", "/PolyLine", "/Highlight", "/Underline", "/Squiggly"),
        *("/StrikeOut", "/Caret", "/Stamp", "/Ink", "/FileAttachment", "/Sound", "/Redact"),
    }
)
"""Kinds of annotations whose `Contents` is a comment: viewers show it in a popup or in a list beside the page."""

_OTHERS = frozenset(
    {
        *("/Link", "/FreeText", "/Popup", "/Movie", "/Widget", "/Screen", "/PrinterMark", "/TrapNet", "/Watermark"),
        *("/3D", "/RichMedia", "/Projection"),
    }
)
"""The other standard kinds."""

_STAMPS = frozenset(
    {
        *(
            "Approved",
            "AsIs",
            "Confidential",
            "Departmental",
            "Draft",
            "Experimental",
            "Expired",
            "Final",
            "ForComment",
        ),
        *("ForPublicRelease", "NotApproved", "NotForPublicRelease", "Sold", "TopSecret"),
    }
)
"""The stamps that viewers know by name, and draw themselves."""

_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True)
class Writing:
    """Text that is drawn in the annotation's rectangle.

    Attributes:
        text: The text; line feeds end its lines.
        size: The size of its font in points; 0 for any.
        is_multiline: True if it may be broken into lines.
        turns: Quarter turns counterclockwise.
        is_visible: False if the appearance shows the same as a drawing.
    """

    text: str
    size: float = 0
    is_multiline: bool = False
    turns: int = 0
    is_visible: bool = True


@dataclass(frozen=True)
class Shown:
    """The parts of an annotation that a viewer shows.

    Attributes:
        appearance: The form XObject that it draws; `None` for none.
        writing: Text to draw in the annotation's rectangle, over the appearance if there is one.
        mark: The mark before both.
        comment: A comment, which stands beside the page.
        comment_mark: The mark before the comment.
    """

    appearance: Stream | None = None
    writing: Writing | None = None
    mark: Mark = Mark.TEXT
    comment: str = ""
    comment_mark: Mark = Mark.COMMENT


NOTHING = Shown()


def may_show(annotation: object) -> bool:
    """Return False for what most annotations are: a link or a popup window, of which nothing can be drawn."""
    if not isinstance(annotation, Dictionary):
        return False
    match annotation.get("/Subtype"):
        case Name.Popup:
            return False
        case Name.Link:
            return "/AP" in annotation
        case _:
            return True


def is_part_of_field(annotation: object) -> bool:
    """Return True for a widget that says nothing about its field, which is another object."""
    return isinstance(annotation, Dictionary) and annotation.get("/Subtype") == Name.Widget and "/FT" not in annotation


def shown(annotation: Dictionary, *, turns: int, regenerates: bool) -> Shown:
    """Return the parts of an annotation that a viewer shows. The annotation must not be on a layer that is off.

    Args:
        annotation: The annotation.
        turns: Quarter turns counterclockwise of text that is upright on the displayed page.
        regenerates: True if the viewer draws the values of fields anew (`NeedAppearances`).
    """
    kind = str(annotation.get("/Subtype"))
    hiding = AnnotationFlag.hidden | AnnotationFlag.no_view
    if kind not in _COMMENTED | _OTHERS:
        hiding |= AnnotationFlag.invisible
    if "/IRT" in annotation and kind == "/Text":
        # A reply. Programs hide its icon, and show it with the comment that it answers.
        return _shown_reply(annotation, hiding)
    if not may_show(annotation) or _has_flag(annotation, hiding):
        return NOTHING
    match kind:
        case "/Widget":
            return _shown_field(annotation, regenerates=regenerates)
        case "/FreeText":
            return _shown_text_box(annotation, turns)
    appearance, writing = _appearance(annotation), None
    if kind == "/Stamp" and appearance is None and (name := text_of(annotation.get("/Name"))) in _STAMPS:
        writing = Writing(_CAPITAL.sub(" ", name).upper(), turns=turns)
    comment_mark = Mark.TEXT if kind == "/Text" else Mark.COMMENT
    return Shown(appearance, writing, Mark.LINES, _comment(annotation), comment_mark)


def _has_flag(annotation: Dictionary, flags: int) -> bool:
    found = annotation.get("/F")
    return isinstance(found, int) and bool(found & flags)


def _shown_reply(annotation: Dictionary, hiding: int) -> Shown:
    answered = annotation.get("/IRT")
    if isinstance(answered, Dictionary) and "/IRT" not in answered and _has_flag(answered, hiding):
        return NOTHING
    return Shown(comment=_comment(annotation), comment_mark=Mark.TEXT)


def _shown_field(widget: Dictionary, *, regenerates: bool) -> Shown:
    field = Field(widget)
    if field.is_password:
        return NOTHING
    if field.is_button:
        return _shown_button(widget, field)
    appearance = _appearance(widget)
    if field.kind not in {"/Tx", "/Ch"}:
        if appearance is None and FieldFlag.PUSH_BUTTON in field.flags:
            return Shown(None, Writing(field.caption(), turns=_turns(widget)), Mark.LINES)
        return Shown(appearance, None, Mark.LINES)
    is_running_text = FieldFlag.MULTILINE in field.flags and not field.is_list
    mark = Mark.TEXT if is_running_text else Mark.LINES
    rect = rectangle(widget.get("/Rect"))
    text = field.text(int(rect.height / (LEADING * (field.font_size or USUAL_SIZE))) if rect else 0)
    # The characters of a comb stand far apart, and readers put spaces between them.
    is_drawn_anew = regenerates or (field.kind == "/Tx" and FieldFlag.COMB in field.flags)
    if text is None or (appearance is not None and not is_drawn_anew and (not text or may_show_text(appearance))):
        return Shown(appearance, None, mark)
    has_lines = is_running_text or (field.kind == "/Ch" and "\n" in text)
    return Shown(None, Writing(text, field.font_size, has_lines, _turns(widget)), mark)


def _shown_button(widget: Dictionary, field: Field) -> Shown:
    state = field.state()
    appearance = _appearance(widget, state)
    if state == "/Off":
        return Shown(appearance, None, Mark.LINES)
    if appearance is None:
        return Shown(None, Writing(field.mark(), turns=_turns(widget)), Mark.LINES)
    if may_show_text(appearance):
        return Shown(appearance, None, Mark.LINES)
    return Shown(appearance, Writing(field.mark(), is_visible=False), Mark.LINES)


def _shown_text_box(annotation: Dictionary, turns: int) -> Shown:
    appearance = _appearance(annotation)
    text = _contents(annotation)
    if not text or (appearance is not None and may_show_text(appearance)):
        return Shown(appearance)
    rotation = annotation.get("/Rotate")
    turns = rotation // 90 if isinstance(rotation, int) else turns
    return Shown(appearance, Writing(text, font_size(annotation.get("/DA")), is_multiline=True, turns=turns % 4))


def _appearance(annotation: Dictionary, state: str | None = None) -> Stream | None:
    """Return the appearance of an annotation in a state; by default, in its own."""
    appearances = annotation.get("/AP")
    normal = appearances.get("/N") if isinstance(appearances, Dictionary) else None
    if isinstance(normal, Dictionary):
        normal = normal.get(state or str(annotation.get("/AS", "/Off")))
    return normal if isinstance(normal, Stream) else None


def _comment(annotation: Dictionary) -> str:
    """Return the comment of an annotation; empty if it has none, or only says that another one was accepted."""
    if str(annotation.get("/Subtype")) not in _COMMENTED or "/StateModel" in annotation:
        return ""
    return _contents(annotation)


def _contents(annotation: Dictionary) -> str:
    text = text_of(annotation.get("/Contents"))
    return text.strip() or plain_text(text_of(annotation.get("/RC")))


def _turns(widget: Dictionary) -> int:
    """Return the quarter turns counterclockwise of a field's text."""
    look = widget.get("/MK")
    rotation = look.get("/R") if isinstance(look, Dictionary) else None
    return rotation // 90 % 4 if isinstance(rotation, int) else 0
