"""The options of a synthetic book: how it is set, and what stands on its pages besides prose."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a book is set: the options of `write`."""

    columns: int = 1
    by_rows: bool = False  # drawn row by row across the columns
    # The title of the book faces that of the chapter; the chapter's on each page; titles with the page number in one
    # string; the first and the last word of the page; or nothing.
    headers: Literal["titles", "chapters", "joined", "guide words", ""] = "titles"
    numbers: Literal["foot", "head", "none"] = "foot"  # those in the head need titles there
    chapter_pages: tuple[int, int] = (5, 12)
    front_pages: int = 0  # a preface with roman page numbers
    footnotes: bool = False  # at the foot of the column
    hyphens: bool = True
    hyphen: str = "-"  # or a soft hyphen
    compounds_break: bool = False  # at their own hyphen
    dialogue: bool = False
    lists: bool = False  # with bullets or numbers
    tables: bool = False  # with a caption, or without
    sections: bool = False  # with bold headings of the size of the text
    drop_caps: bool = False  # at the beginning of a chapter
    figures: bool = False  # at the top of a page, with captions, in the midst of sentences too
    margin_notes: bool = False
    forms: bool = False  # a filled field at the foot of a page
    line_numbers: int = 0  # beside every line, or every fifth
    stamp: Literal["watermark", "margin", ""] = ""  # the same turned text on each page
    justified: bool = True
    indent: bool = True  # paragraphs begin with an indent, otherwise after a blank space
    rotated: bool = False  # some pages have /Rotate 90, and look like the others
    sideways: bool = False  # the text of some pages runs upwards or downwards, without /Rotate
    interruptions: bool = False  # some pages are blank or hold a picture only, in the midst of sentences too
    font: str = "Times-Roman"
    size: float = 10.5
    page_size: tuple[float, float] | None = None  # A5, or A4 with several columns
