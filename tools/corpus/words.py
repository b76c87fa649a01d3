"""How close two readings of the same text are, as words.

Knows text only. Two readers put columns, tables and footnotes in another order and break lines elsewhere, and both are
right: so words are counted, not their order.
"""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass


_HYPHEN = "-\u00ad\u2010\u2011"
_BROKEN = re.compile(rf"(?<=\w)[{_HYPHEN}]\s*\n\s*(?=\w)")
_JOINED = re.compile(rf"(?<=\w)[{_HYPHEN}](?=\w)")
_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Kana and Chinese characters: there are no spaces between words, so each character counts as one."""
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")


@dataclass(frozen=True)
class Likeness:
    """Two readings compared.

    Attributes:
        ours: How many words we read.
        theirs: How many words they read.
        common: How many of them are in both.
    """

    ours: int
    theirs: int
    common: int

    @property
    def precision(self) -> float:
        """The part of our words that they read too."""
        return self.common / self.ours if self.ours else 1.0

    @property
    def recall(self) -> float:
        """The part of their words that we read too."""
        return self.common / self.theirs if self.theirs else 1.0

    @property
    def f1(self) -> float:
        """Both in one number."""
        return 2 * self.common / (self.ours + self.theirs) if self.ours + self.theirs else 1.0


def compare(ours: str, theirs: str) -> Likeness:
    """Compare two readings."""
    left, right = count(ours), count(theirs)
    return Likeness(left.total(), right.total(), (left & right).total())


def count(text: str) -> Counter[str]:
    """Count words of letters and digits.

    Case and ligatures do not count; nor do hyphens: at the end of a line nobody can know whose they are.
    """
    text = _JOINED.sub("", _BROKEN.sub("", unicodedata.normalize("NFKC", text)))
    return Counter(_WORD.findall(text.casefold()))
