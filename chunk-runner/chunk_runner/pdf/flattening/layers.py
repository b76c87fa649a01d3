"""The layers of a document (optional content groups) that are off when a viewer opens it: ISO 32000-1, 8.11."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pikepdf
from pikepdf import Array, Dictionary, Object


_PARTS_LIMIT = 1000
_DEPTH_LIMIT = 32
"""Parts and levels of a visibility expression that are evaluated; a longer one hides nothing."""

Group = tuple[int, int]
"""The object number and generation of an optional content group."""

_DIRECT: Group = (0, 0)
"""The value for a direct object, which can be no group."""


class _TooLongError(Exception):
    """A visibility expression has too many parts or levels."""


@dataclass(frozen=True)
class Layers:
    """The state of a document's layers.

    Attributes:
        off: The groups that are off.
    """

    off: frozenset[Group] = frozenset()

    @classmethod
    def of(cls, pdf: pikepdf.Pdf) -> Layers:
        """Return the state of the layers in the default configuration, as a viewer on a screen shows them."""
        properties = pdf.Root.get("/OCProperties")
        config = properties.get("/D") if isinstance(properties, Dictionary) else None
        if not isinstance(properties, Dictionary) or not isinstance(config, Dictionary):
            return cls()
        groups = {_group(item): item for item in _items(properties.get("/OCGs")) if isinstance(item, Dictionary)}
        off = set(groups) if str(config.get("/BaseState")) == "/OFF" else set()
        off -= {_group(item) for item in _items(config.get("/ON"))}
        off |= {_group(item) for item in _items(config.get("/OFF"))}
        for usage in _items(config.get("/AS")):
            if isinstance(usage, Dictionary) and _is_for_screen(usage):
                for item in _items(usage.get("/OCGs")):
                    match _view_state(item):
                        case "/OFF":
                            off.add(_group(item))
                        case "/ON":
                            off.discard(_group(item))
        return cls(frozenset(group for group in off - {_DIRECT} if _is_for_view(groups.get(group))))

    def hide(self, membership: object) -> bool:
        """Return True if content is hidden.

        Args:
            membership: Its optional content group or membership dictionary; anything else hides nothing.
        """
        if not self.off or not isinstance(membership, Dictionary):
            return False
        if str(membership.get("/Type")) != "/OCMD":
            return _group(membership) in self.off
        expression = membership.get("/VE")
        if isinstance(expression, Array):
            try:
                return not self._holds(expression, iter(range(_PARTS_LIMIT)), _DEPTH_LIMIT)
            except _TooLongError:
                return False
        groups = membership.get("/OCGs")
        states = [
            _group(item) not in self.off
            for item in ([groups] if isinstance(groups, Dictionary) else _items(groups))
            if isinstance(item, Dictionary)
        ]
        if not states:
            return False
        match str(membership.get("/P")):
            case "/AllOn":
                return not all(states)
            case "/AnyOff":
                return all(states)
            case "/AllOff":
                return any(states)
            case _:
                return not any(states)

    def _holds(self, expression: object, parts: Iterator[int], levels: int) -> bool:
        """Return the value of a visibility expression, whose parts may contain each other.

        Args:
            expression: The expression, or a part of it.
            parts: An item for each part that may still be evaluated.
            levels: The levels below it that may be evaluated.

        Raises:
            _TooLongError: It has more parts or levels.
        """
        if next(parts, None) is None or not levels:
            raise _TooLongError
        if isinstance(expression, Dictionary):
            return _group(expression) not in self.off
        operands = _items(expression)
        match str(operands.pop(0)) if operands else "":
            case "/Not" if operands:
                return not self._holds(operands[0], parts, levels - 1)
            case "/And":
                return all(self._holds(operand, parts, levels - 1) for operand in operands)
            case "/Or" if operands:
                return any(self._holds(operand, parts, levels - 1) for operand in operands)
        return True


def _items(value: object) -> list[Object]:
    return list(value.as_list()) if isinstance(value, Array) else []


def _group(value: object) -> Group:
    return value.objgen if isinstance(value, Object) else _DIRECT


def _is_for_screen(usage: Dictionary) -> bool:
    categories = [str(item) for item in _items(usage.get("/Category"))]
    return str(usage.get("/Event")) == "/View" and "/View" in categories


def _view_state(group: object) -> str:
    """Return the state that a group recommends for the screen."""
    for key in ("/Usage", "/View", "/ViewState"):
        group = group.get(key) if isinstance(group, Dictionary) else None
    return str(group)


def _is_for_view(group: Dictionary | None) -> bool:
    """Return True if a group controls what a viewer shows, and does not only have another intent, such as `Design`."""
    intent = group.get("/Intent") if group is not None else None
    intents = [str(item) for item in _items(intent)] if isinstance(intent, Array) else [str(intent or "/View")]
    return "/View" in intents or "/All" in intents
