"""The value of a form field, as a viewer shows it."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from enum import IntFlag
from html import unescape

from pikepdf import Array, Dictionary, Name, Stream, String

from chunk_runner.pdf.flattening.fonts import CHECK_MARK, MARKS, RADIO_MARK
from chunk_runner.pdf.flattening.streams import fits


TEXT_LIMIT = 20_000
"""Characters of a value or note that are drawn."""

_DEPTH_LIMIT = 32
"""Fields above a widget whose attributes it inherits; a tree of fields may contain itself."""

_FONT_SIZE = re.compile(rb"(\d+\.?\d*|\.\d+)\s+Tf\b")
_LANGUAGE = re.compile("\x1b[^\x1b]{0,20}\x1b")
"""The escape sequence that names the language of a text string (ISO 32000-1, 7.9.2.2)."""

_PARAGRAPH_END = re.compile(r"</(?:p|div|li|h\d)>|<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")


class FieldFlag(IntFlag):
    """Flags of a field (ISO 32000-1, tables 226, 228 and 230)."""

    MULTILINE = 1 << 12
    PASSWORD = 1 << 13
    RADIO = 1 << 15
    PUSH_BUTTON = 1 << 16
    COMBO = 1 << 17
    COMB = 1 << 24


class Field:
    """A form field, as one of its widgets shows it.

    Args:
        widget: The annotation.
    """

    def __init__(self, widget: Dictionary) -> None:
        self._widget = widget
        self.kind = str(self._inherited("/FT"))
        flags = self._inherited("/Ff")
        self.flags = FieldFlag(flags & 0xFFFFFFFF if isinstance(flags, int) else 0)

    @property
    def is_password(self) -> bool:
        """True if viewers show stars."""
        return self.kind == "/Tx" and FieldFlag.PASSWORD in self.flags

    @property
    def is_button(self) -> bool:
        """True for a check box or radio button."""
        return self.kind == "/Btn" and FieldFlag.PUSH_BUTTON not in self.flags

    @property
    def is_list(self) -> bool:
        """True for a list of options of which several are shown at once."""
        return self.kind == "/Ch" and FieldFlag.COMBO not in self.flags

    @property
    def font_size(self) -> float:
        """The size of its text in points; 0 if the viewer chooses."""
        return font_size(self._inherited("/DA"))

    def text(self, rows: int) -> str | None:
        """Return the text of a text or choice field; `None` if it has none.

        Args:
            rows: The number of options that a list has room for. A list shows those that are not selected, too.
        """
        value = self._inherited("/V")
        if self.kind == "/Ch":
            return "\n".join(self._options(value, rows if self.is_list else 0)) or None
        if value is None:
            rich = self._inherited("/RV")
            return None if rich is None else plain_text(text_of(rich))
        return text_of(value)

    def state(self) -> str:
        """Return the name of a button's appearance: `/Off`, or another if it is on."""
        if (state := self._widget.get("/AS")) is not None:
            return str(state)
        value = self._inherited("/V")
        name = str(value) if isinstance(value, Name) else f"/{text_of(value)}" if value is not None else "/Off"
        states = self._states()
        return name if name in states or (not states and FieldFlag.RADIO not in self.flags) else "/Off"

    def mark(self) -> str:
        """Return the mark that a button has when it is on."""
        look = self._widget.get("/MK")
        code = text_of(look.get("/CA")) if isinstance(look, Dictionary) else ""
        return MARKS.get(code, RADIO_MARK if FieldFlag.RADIO in self.flags else CHECK_MARK)

    def caption(self) -> str:
        """Return the text on a push button."""
        look = self._widget.get("/MK")
        return text_of(look.get("/CA")) if isinstance(look, Dictionary) else ""

    def _states(self) -> set[str]:
        appearance = self._widget.get("/AP")
        normal = appearance.get("/N") if isinstance(appearance, Dictionary) else None
        return {*normal.keys()} if isinstance(normal, Dictionary) and not isinstance(normal, Stream) else set()

    def _options(self, value: object, rows: int) -> list[str]:
        """Return the text of the options that are selected, and of so many from the first one that is shown."""
        options = self._inherited("/Opt")
        pairs = [_option(item) for item in options.as_list()] if isinstance(options, Array) else []
        values = [text_of(item) for item in value.as_list()] if isinstance(value, Array) else [text_of(value)]
        selected = self._inherited("/I") if value is None else None
        indexes = set(selected.as_list()) if isinstance(selected, Array) else set()
        top = self._inherited("/TI")
        first = top if isinstance(top, int) else 0
        names = [name for name, _ in pairs]
        shown = [
            text
            for at, (name, text) in enumerate(pairs)
            if name in values or at in indexes or first <= at < first + rows
        ]
        return shown + [text for text in values if text and text not in (*names, *shown)]

    def _inherited(self, key: str) -> object:
        """Return an attribute of the widget or of the nearest field above it."""
        node: object = self._widget
        for _ in range(_DEPTH_LIMIT):
            if not isinstance(node, Dictionary):
                break
            if (value := node.get(key)) is not None:
                return value
            node = node.get("/Parent")
        return None


def text_of(value: object) -> str:
    """Return a string, name, number or text stream as text, without control characters other than line feeds.

    Raises:
        ValueError: The stream is too large.
    """
    if isinstance(value, Stream):
        if not fits([value], 4 * TEXT_LIMIT):
            raise ValueError("the text stream is too large")
        text = str(String(value.read_bytes()))
    elif isinstance(value, Name):
        text = str(value)[1:]
    else:
        text = str(value) if isinstance(value, String | int | Decimal) else ""
    text = _LANGUAGE.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char if char == "\n" or unicodedata.category(char) not in {"Cc", "Cs"} else " " for char in text)


def plain_text(rich: str) -> str:
    """Return the text of a rich text string, which is XHTML."""
    return unescape(_TAG.sub("", _PARAGRAPH_END.sub("\n", rich))).strip()


def font_size(appearance: object) -> float:
    """Return the size of the font in a default appearance string, in points; 0 if it has none."""
    found = _FONT_SIZE.findall(bytes(appearance)) if isinstance(appearance, String) else []
    return float(found[-1]) if found else 0


def _option(item: object) -> tuple[str, str]:
    """Return the value and the shown text of an option."""
    if isinstance(item, Array):
        parts = [text_of(part) for part in item.as_list()]
        return (parts[0], parts[-1]) if parts else ("", "")
    return text_of(item), text_of(item)
