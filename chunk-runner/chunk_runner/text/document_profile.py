"""The sample: some pages of the document, the same whatever the chunks, and all that is decided from them once.

Prepare reads the sample and puts the decisions into the manifest; every chunk and the merge work by them. Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chunk_runner.pdf.page import Page
from chunk_runner.text import language
from chunk_runner.text.layout import Layout, learn
from chunk_runner.text.sentences import Joiner


_PLACES = 8
_PAGES_IN_A_ROW = 4
"""Running titles of left and right pages differ: so each place has two of both."""

_COMPOUNDS = 300
"""So many words with a hyphen are remembered, the most frequent ones."""

_COMPOUND = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)+(?!-?$)")
"""A word with a hyphen inside it, within a line."""


@dataclass(frozen=True)
class Decisions:
    """What is decided once for the whole document.

    Attributes:
        language: Of its text, two letters of ISO 639-1.
        layout: What its pages have in common.
        compounds: Words with a hyphen that were seen within lines, in small letters.
        whole: Whether the processor gives whole sentences, which nobody needs to cut.
    """

    language: str = language.DEFAULT
    layout: Layout = field(default_factory=Layout)
    compounds: frozenset[str] = frozenset()
    whole: bool = False

    def dump(self) -> dict[str, Any]:
        """As plain data, for the manifest."""
        return {
            "language": self.language,
            "layout": self.layout.dump(),
            "compounds": sorted(self.compounds),
            "whole": self.whole,
        }

    @classmethod
    def load(cls, raw: Mapping[str, Any]) -> Decisions:
        """From what `dump` returned."""
        return cls(raw["language"], Layout.load(raw["layout"]), frozenset(raw["compounds"]), raw["whole"])

    @property
    def joiner(self) -> Joiner:
        """The rules for this document's sentences."""
        return Joiner(self.language, self.compounds, self.whole)


def choose(pages: Sequence[int]) -> list[int]:
    """The pages of the sample: runs of a few pages, spread evenly; all pages of a short document."""
    if len(pages) <= _PLACES * _PAGES_IN_A_ROW:
        return list(pages)
    last = len(pages) - _PAGES_IN_A_ROW
    begins = (place * last // (_PLACES - 1) for place in range(_PLACES))
    return [pages[begin + step] for begin in begins for step in range(_PAGES_IN_A_ROW)]


def decide(sample: Sequence[tuple[int, Page]], given: str | None, *, whole: bool = False) -> Decisions:
    """Decide from the sample.

    Args:
        sample: Its pages with their numbers, as far as they could be read.
        given: The language, if it is known.
        whole: See `Decisions`.
    """
    lines = [line for _, page in sample for line in page.lines]
    words = Counter(match.lower() for line in lines for match in _COMPOUND.findall(line))
    return Decisions(
        language=given or language.detect(lines) or language.DEFAULT,
        layout=learn(sample),
        compounds=frozenset(word for word, _ in words.most_common(_COMPOUNDS)),
        whole=whole,
    )
