"""Page trees with loops, lies and depths, and pages that are none."""

from pathlib import Path

from tools.documents.hostile_pdfs.pdf_objects import (
    BAD,
    BAD_TEXT,
    EXTRA,
    GAP,
    PAGES,
    ROOT,
    page_numbers,
    page_object,
    save,
    sound_book,
    tree_node,
)


def page_tree_cycle(path: Path) -> Path:
    """Before page 3, the root of the tree has itself as a kid."""
    first, second, *others = page_numbers(PAGES)
    return save(path, sound_book() | {ROOT: tree_node([first, second, ROOT, *others], PAGES)})


def deep_page_tree(path: Path, *, depth: int = 10_000) -> Path:
    """Page 3 is ten thousand nodes deep in the tree."""
    nodes = range(EXTRA, EXTRA + depth)
    book = sound_book()
    for node in nodes:
        last, first = node == nodes[-1], node == nodes[0]
        book[node] = tree_node([BAD if last else node + 1], 1, parent=ROOT if first else node - 1)
    book[BAD] = page_object(b"%d 0 R" % BAD_TEXT, parent=nodes[-1])
    book[ROOT] = tree_node([nodes[0] if page == BAD else page for page in page_numbers(PAGES)], PAGES)
    return save(path, book)


def parent_loop(path: Path) -> Path:
    """Page 3 inherits what it draws with from parents that are each other's."""
    book = sound_book() | {
        BAD: b"<< /Type /Page /Parent %d 0 R /Contents %d 0 R >>" % (EXTRA, BAD_TEXT),
        EXTRA: tree_node([BAD], 1, parent=EXTRA + 1),
        EXTRA + 1: tree_node([EXTRA], 1, parent=EXTRA),
    }
    return save(path, book)


def lying_count(path: Path, *, count: int, pages: int = PAGES) -> Path:
    """The page tree says that it has more or fewer pages than it has."""
    return save(path, sound_book(pages) | {ROOT: tree_node(page_numbers(pages), count)})


def many_pages(path: Path, *, pages: int = 100_000, fan: int | None = None) -> Path:
    """That many tiny pages, in one list or in a balanced tree of so many kids each."""
    book = sound_book(pages)
    level = dict.fromkeys(page_numbers(pages), 1)
    while fan is not None and len(level) > fan:
        below, counts, level = list(level), level, {}
        for first in range(0, len(below), fan):
            kids, node = below[first : first + fan], len(book) + GAP
            level[node] = sum(counts[kid] for kid in kids)
            book[node] = tree_node(kids, level[node], parent=ROOT)
            for kid in kids:
                book[kid] = book[kid].replace(b"/Parent 2 0 R", b"/Parent %d 0 R" % node)
    book[ROOT] = tree_node(level, pages)
    return save(path, book)


def bad_page_object(path: Path, *, content: bytes | None) -> Path:
    """What should be page 3 is something else, or missing."""
    book = sound_book()
    if content is None:
        del book[BAD]
    else:
        book[BAD] = content
    return save(path, book)


def bad_media_box(path: Path, *, box: bytes) -> Path:
    """Page 3 has an impossible size."""
    return save(path, sound_book() | {BAD: page_object(b"%d 0 R" % BAD_TEXT, box=box)})
