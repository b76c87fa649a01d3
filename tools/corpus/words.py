"""Compares two readings of the same text by their words.

Knows text only. Two readers may order columns, tables and footnotes differently and break lines in different places,
and both may be right. The comparison therefore counts words and ignores their order.
"""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass


_HYPHEN = "-\u00ad\u2010\u2011"
_BROKEN = re.compile(rf"(?<=\w)[{_HYPHEN}]\s*\n\s*(?=\w)")
_JOINED = re.compile(rf"(?<=\w)[{_HYPHEN}](?=\w)")
_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Kana and Chinese characters, which have no spaces between words: each character counts as a word."""
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")


@dataclass(frozen=True)
class Likeness:
    """The comparison of two readings.

    Attributes:
        ours: Number of words in our reading.
        theirs: Number of words in the other reading.
        common: Number of words in both.
    """

    ours: int
    theirs: int
    common: int

    @property
    def precision(self) -> float:
        """Share of our words that the other reading has, too."""
        return self.common / self.ours if self.ours else 1.0

    @property
    def recall(self) -> float:
        """Share of the other reading's words that we have, too."""
        return self.common / self.theirs if self.theirs else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.common / (self.ours + self.theirs) if self.ours + self.theirs else 1.0


def compare(ours: str, theirs: str) -> Likeness:
    """Compare two readings."""
    left, right = count(ours), count(theirs)
    return Likeness(left.total(), right.total(), (left & right).total())


def count(text: str) -> Counter[str]:
    """Count the words, which consist of letters and digits.

    Ignores case, ligatures and hyphens, because a hyphen at a line end may or may not belong to the word.
    """
    text = _JOINED.sub("", _BROKEN.sub("", unicodedata.normalize("NFKC", text)))
    return Counter(_WORD.findall(text.casefold()))
