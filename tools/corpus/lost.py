"""Words of a page that poppler shows and PdfJob does not, each with the reason.

Knows the texts of pages only. Must not know how they were read, nor facts about single files.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tools.corpus import words


class Kind(StrEnum):
    """Reasons that the texts themselves show."""

    RUNNING = "left out as a running header, a footer or a line number"
    """It is there with `--running-lines keep`."""
    PARTED = "parted or joined otherwise"
    """Its letters stand together on the page, and none of them is missing."""
    ACCENT = "its accent stands apart in one of both"
    """The same without accents."""
    FORMULA = "its letters are in another order"
    """None of them is missing from the page: formulas with indices above each other."""
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True)
class PageTexts:
    """The texts of a page.

    Attributes:
        number: The page, from 1; 0 for the whole file.
        theirs: Poppler's text.
        ours: PdfJob's text.
        kept: PdfJob's text with `--running-lines keep`.
    """

    number: int
    theirs: str
    ours: str
    kept: str


@dataclass(frozen=True)
class LostWord:
    """A word that PdfJob does not show as often as poppler does.

    Attributes:
        page: The page, from 1; 0 if only the whole file shows it.
        word: The word, as `words.count` has it.
        count: How often it is missing.
        line: Poppler's line with it.
        kind: The reason.
    """

    page: int
    word: str
    count: int
    line: str
    kind: Kind


def lost_words(pages: Sequence[PageTexts], whole: PageTexts) -> Iterator[LostWord]:
    """Yield the words that are lost from each page, and those that only the whole file shows.

    A sentence that crosses pages counts for each of them, so that the pages alone would not show what it hides.

    Args:
        pages: The pages.
        whole: The whole file, in which each sentence counts once.
    """
    found: Counter[str] = Counter()
    for page in pages:
        lost = words.count(page.theirs) - words.count(page.ours)
        found += lost
        yield from _explained(page, lost)
    yield from _explained(whole, words.count(whole.theirs) - words.count(whole.ours) - found)


def _explained(page: PageTexts, lost: Counter[str]) -> Iterator[LostWord]:
    if not lost:
        return
    running = words.count(page.kept) - words.count(page.ours)
    letters, together = _letters(page.kept), _joined(page.kept)
    missing = Counter(_letters(page.theirs)) - Counter(letters)
    for word, count in lost.items():
        line = _line_with(word, page.theirs)
        if left_out := min(count, running[word]):
            yield LostWord(page.number, word, left_out, line, Kind.RUNNING)
        if count > left_out:
            yield LostWord(page.number, word, count - left_out, line, _kind(word, missing, letters, together))


def _kind(word: str, missing: Counter[str], letters: str, together: str) -> Kind:
    plain = _letters(word)
    if not missing.keys().isdisjoint(plain):
        return Kind.UNEXPLAINED
    if _joined(word) in together:
        return Kind.PARTED
    return Kind.ACCENT if plain in letters and plain != _joined(word) else Kind.FORMULA


def _joined(text: str) -> str:
    """Return the letters and digits of a text without what stands between them."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text).casefold())


def _letters(text: str) -> str:
    """Return the same without accents, and without the difference between i and the letter below an accent."""
    plain = (char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return _joined("".join(plain)).replace("ı", "i").replace("ȷ", "j")


def _line_with(word: str, text: str) -> str:
    return next((line.strip() for line in text.splitlines() if word in words.count(line)), "")
