"""Bounds on the streams that are decoded, since a few kilobytes may decode to gigabytes."""

from __future__ import annotations

import zlib

import pikepdf
from pikepdf import Name, Object, Stream


_PIECE = 2**20
"""Bytes that are decoded at once."""

_HIGHEST_RATIO = 2000
"""The factor by which a filter other than Flate can expand its data: LZW by 1,400."""

_TEXT_OPERATORS = "Tj TJ ' \""

_APPEARANCE_BYTES = 2**20
_SCOPES_LIMIT = 50
"""Decoded bytes of a content stream, and content streams of a form XObject, that are searched for text."""


def fits(streams: list[Object], limit: int) -> bool:
    """Return True if the decoded data of streams has at most so many bytes; no more than 1 MiB is held meanwhile."""
    for stream in streams:
        limit -= _decoded_size(stream, limit)
        if limit < 0:
            return False
    return True


def contents_of(page: Object) -> list[Object]:
    """Return the content streams of a page."""
    contents = page.get("/Contents")
    parts = list(contents.as_list()) if isinstance(contents, pikepdf.Array) else [contents]
    return [part for part in parts if isinstance(part, Stream)]


def may_show_text(form: Stream) -> bool:
    """Return False if a form XObject certainly shows no text: without a font, or without an operator that uses one."""
    scopes = list(pikepdf.Page(form).content_scopes(kinds=("form",)))
    if len(scopes) > _SCOPES_LIMIT:
        return True
    return any(
        scope.resources is not None
        and Name.Font in scope.resources
        and (
            not fits([scope.content], _APPEARANCE_BYTES)
            or bool(pikepdf.parse_content_stream(scope.content, operators=_TEXT_OPERATORS))
        )
        for scope in scopes
    )


def _decoded_size(stream: Object, limit: int) -> int:
    """Return the decoded size of a stream, or a larger number than the limit if it is larger or may be."""
    raw = stream.read_raw_bytes()
    filters = stream.get("/Filter")
    names = [str(name) for name in (filters.as_list() if isinstance(filters, pikepdf.Array) else [filters]) if name]
    if names in (["/FlateDecode"], ["/Fl"]):
        return _inflated_size(raw, limit)
    return len(raw) * int(_HIGHEST_RATIO ** len(names))


def _inflated_size(raw: bytes, limit: int) -> int:
    inflate = zlib.decompressobj()
    size = 0
    try:
        while raw and size <= limit and not inflate.eof:
            size += len(inflate.decompress(raw, _PIECE))
            raw = inflate.unconsumed_tail
    except zlib.error:  # qpdf decodes as much of it
        pass
    return size
