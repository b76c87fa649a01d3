"""Removing hidden optional content from content streams: what would mark the page goes, the graphics state stays."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

import pikepdf
from pikepdf import ContentScope, Dictionary, Name, Object, Page, Stream, Token, TokenFilter, TokenType

from chunk_runner.pdf.flattening.layers import Layers
from chunk_runner.pdf.flattening.streams import contents_of, fits


_CONTENT_BYTES = 32 * 2**20
"""Decoded content streams of a page that are examined; a detailed map has 20 MiB."""

_BEGIN = frozenset({b"BMC", b"BDC"})
_END = b"EMC"

_DROPPED = frozenset({b"Tj", b"TJ", b"Do", b"sh", b"BI", b"ID", b"EI"})
_REPLACED = {
    **dict.fromkeys((b"S", b"s", b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*"), b"n"),
    **dict.fromkeys((b"'", b'"'), b"T*"),
}
"""Operators that mark the page, with those that change the state alike and mark nothing."""


class LayerRemover:
    """Removes hidden layers from the pages of a file, in place.

    Args:
        pdf: The file.
        layers: The state of its layers.
    """

    def __init__(self, pdf: pikepdf.Pdf, layers: Layers) -> None:
        self._pdf = pdf
        self._layers = layers
        self._done = pikepdf.ObjectSet()

    def remove(self, page: Page) -> bool:
        """Remove hidden content from a page and from the forms it draws, each once.

        Returns:
            False if some of it is too large to be examined.
        """
        scopes = [
            scope
            for scope in page.content_scopes(kinds=("page", "form"))
            if self._done.add(scope.content) and any(map(self._layers.hide, _memberships(scope)))
        ]
        streams = [
            stream
            for scope in scopes
            for stream in (contents_of(scope.content) if scope.kind == "page" else [scope.content])
        ]
        if not fits(streams, _CONTENT_BYTES):
            return False
        for scope in scopes:
            token_filter = _Filter(self._layers.hide, scope)
            content = Page(scope.content).get_filtered_contents(token_filter)
            if not token_filter.has_changed:
                continue
            compressed = zlib.compress(content)
            if isinstance(scope.content, Stream):
                scope.content.write(compressed, filter=Name.FlateDecode)
            else:
                scope.content.Contents = self._pdf.make_stream(compressed, Filter=Name.FlateDecode)
        return True


def uses_layers(scope: ContentScope) -> bool:
    """Return True if some of a content stream may belong to a layer, as its resources say."""
    return any(str(item.get("/Type")) in {"/OCG", "/OCMD"} for item in _memberships(scope))


def _memberships(scope: ContentScope) -> Iterator[Dictionary]:
    """Yield what content may belong to: the property lists of its marked content, and the layers of XObjects."""
    layers = map(_layer_of, _resources(scope, "/XObject").values())
    for item in chain(_resources(scope, "/Properties").values(), layers):
        if isinstance(item, Dictionary):
            yield item


class _Filter(TokenFilter):
    """Filters the tokens of one content stream.

    Args:
        hides: Returns True for an optional content group or membership that hides its content.
        scope: The content stream with its resources.
    """

    def __init__(self, hides: Callable[[object], bool], scope: ContentScope) -> None:
        super().__init__()
        self._hides = hides
        self._properties = _resources(scope, "/Properties")
        self._xobjects = _resources(scope, "/XObject")
        self._operands: list[Token] = []
        self._depth = 0
        """The number of marked content sequences that are open within the hidden one, and that one itself."""
        self.has_changed = False

    def handle_token(self, token: Token) -> Iterable[Token] | None:
        """See `TokenFilter`."""
        if token.type_ is TokenType.eof:
            return [*self._operands, token]
        self._operands.append(token)
        if token.type_ is not TokenType.word:
            return None
        instruction, self._operands = self._operands, []
        operator = token.raw_value
        names = [it.raw_value for it in instruction if it.type_ is TokenType.name_]
        if self._depth:
            self._depth += (operator in _BEGIN) - (operator == _END)
        elif operator == b"BDC" and names[:1] == [b"/OC"] and self._hides(self._named(self._properties, names[1:])):
            self._depth = 1
        elif not (operator == b"Do" and self._hides(_layer_of(self._named(self._xobjects, names)))):
            return instruction
        self.has_changed = True
        return self._unmarked(instruction, operator)

    def _unmarked(self, instruction: list[Token], operator: bytes) -> list[Token]:
        if operator in _DROPPED or operator in _BEGIN or operator == _END:
            return []
        if operator in _REPLACED:
            return [Token(TokenType.space, b"\n"), Token(TokenType.word, _REPLACED[operator])]
        return instruction

    def _named(self, resources: Dictionary, names: list[bytes]) -> Object | None:
        return resources.get(str(Object.parse(names[0]))) if names else None


def _resources(scope: ContentScope, kind: str) -> Dictionary:
    found = scope.resources.get(kind) if scope.resources is not None else None
    return found if isinstance(found, Dictionary) else Dictionary()


def _layer_of(xobject: Object | None) -> Object | None:
    return xobject.stream_dict.get("/OC") if isinstance(xobject, Stream) else None
