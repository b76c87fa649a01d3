"""A page tree that contains itself, rebuilt as the flat list of its pages. Runs in the sandbox.

Readers such as poppler and PDFium show such files: they leave out a node that they meet inside itself. qpdf rejects
them.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pikepdf

from chunk_runner.pdf.backends.base import DAMAGED_PAGE_TREE, BackendError


_INHERITABLE = ("/Resources", "/MediaBox", "/CropBox", "/Rotate")
"""The attributes that a page inherits from the nodes above it (ISO 32000-2, 7.7.3.4)."""

_NODES_LIMIT = 100_000
"""Entries of the tree that are visited. Nodes that contain each other make a tree that has no end."""


class _Entry(NamedTuple):
    """An entry of the page tree that is still to be visited: a page or a node.

    Attributes:
        node: The entry.
        above: The numbers and generations of all nodes above it.
        inherited: The attributes that it inherits from them.
    """

    node: pikepdf.Object
    above: frozenset[tuple[int, int]]
    inherited: Mapping[str, pikepdf.Object]


def flatten(pdf: pikepdf.Pdf) -> None:
    """Replace the page tree by the list of its pages, in the order in which readers show them.

    Args:
        pdf: The file, opened without looking at its page tree.

    Raises:
        BackendError: The tree has no end, or no page.
    """
    root = pdf.Root.Pages
    pages = pikepdf.Array()
    for page, inherited in _pages(root):
        own = copy.copy(page)  # a page that the tree has twice has two numbers
        for key, value in inherited.items():
            own[key] = value
        own.Parent = root
        pages.append(pdf.make_indirect(own))
    if not pages:
        raise BackendError(DAMAGED_PAGE_TREE)
    root.Kids = pages
    root.Count = len(pages)


def _pages(root: pikepdf.Object) -> Iterator[tuple[pikepdf.Object, Mapping[str, pikepdf.Object]]]:
    """Yield each page, with the attributes that it inherits or has."""
    waiting = [_Entry(root, frozenset(), {})]
    for _ in range(_NODES_LIMIT):
        if not waiting:
            return
        node, above, inherited = waiting.pop()
        if not isinstance(node, pikepdf.Dictionary) or (node.is_indirect and node.objgen in above):
            continue
        inherited = {**inherited, **{key: node[key] for key in _INHERITABLE if key in node}}
        kids = node.get("/Kids")
        if not isinstance(kids, pikepdf.Array):
            yield node, inherited
            continue
        above |= {node.objgen}
        waiting.extend(_Entry(kid, above, inherited) for kid in reversed(list(kids)))
    raise BackendError("its page tree has no end")
