"""The document profile: everything that is decided once for the whole document, from a sample of its pages. Pure.

The sample is the same whatever the chunk size. Prepare builds the profile and puts it into the manifest; every chunk
and the merge apply it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import msgspec

from chunk_runner.pdf.page import Page
from chunk_runner.text.language import languages
from chunk_runner.text.language.legibility import is_garbled
from chunk_runner.text.layout.learning import Layout, learn_layout
from chunk_runner.text.sentences.joiner import SentenceJoiner


_SAMPLE_RUNS = 8
_PAGES_PER_RUN = 4
"""Running headers of left and right pages differ, so each run has two of both."""

_EXAMINED_CHARACTERS = 16_000
"""Characters of the sample that show whether they are language."""

_COMPOUNDS_LIMIT = 300
"""Hyphenated words that are remembered, the most frequent ones first."""

_COMPOUND = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)+(?!-?$)")
"""A word with a hyphen inside it, within a line."""


@dataclass(frozen=True)
class DocumentProfile:
    """The properties of a document that its chunks share.

    Attributes:
        language: The language of its text, as two letters of ISO 639-1.
        layout: The layout of its pages.
        compounds: Hyphenated words seen within lines, in lower case.
        is_segmented: True if the processor returns whole sentences, so that its text is not segmented again.
    """

    language: str = languages.DEFAULT_LANGUAGE
    layout: Layout = field(default_factory=Layout)
    compounds: frozenset[str] = frozenset()
    is_segmented: bool = False

    def dump(self) -> dict[str, Any]:
        """Return the profile as plain data, for the manifest."""
        return {
            "language": self.language,
            "layout": self.layout.dump(),
            "compounds": sorted(self.compounds),
            "is_segmented": self.is_segmented,
        }

    @classmethod
    def load(cls, raw: Mapping[str, Any]) -> DocumentProfile:
        """Return the profile that `dump` turned into plain data.

        Raises:
            ValueError: The data is something else.
        """
        return msgspec.convert(raw, cls)

    @property
    def joiner(self) -> SentenceJoiner:
        """The rules for this document's sentences."""
        return SentenceJoiner(self.language, self.compounds, self.is_segmented)


def choose_sample(pages: Sequence[int]) -> list[int]:
    """Return the pages to sample: short runs, spread evenly; all pages of a short document."""
    if len(pages) <= _SAMPLE_RUNS * _PAGES_PER_RUN:
        return list(pages)
    last = len(pages) - _PAGES_PER_RUN
    begins = (run * last // (_SAMPLE_RUNS - 1) for run in range(_SAMPLE_RUNS))
    return [pages[begin + step] for begin in begins for step in range(_PAGES_PER_RUN)]


def sample_warnings(sample: Sequence[Page]) -> list[str]:
    """Return sentences for users about a text layer that is of no use.

    Args:
        sample: The sampled pages that could be read.
    """
    # As much of each page as fits, because the first pages of a book may be the only ones in a good font.
    share = _EXAMINED_CHARACTERS // max(len(sample), 1)
    if not is_garbled(" ".join(" ".join(page.lines)[:share] for page in sample)):
        return []
    warning = (
        "The text layer is unreadable, because its fonts do not map characters to Unicode: try --processor gemini"
        " (spec.processor.gemini) with input pdf, which reads the pages as a viewer shows them."
    )
    return [warning]


def build_profile(
    sample: Sequence[Page], language: str | None, *, keeps_running_lines: bool = False, is_segmented: bool = False
) -> DocumentProfile:
    """Return the profile of a document.

    Args:
        sample: The sampled pages that could be read.
        language: The language, as two letters of ISO 639-1; `None` to detect it.
        keeps_running_lines: See `Layout`.
        is_segmented: See `DocumentProfile`.
    """
    lines = [line for page in sample for line in chain(page.lines, *page.annotations)]
    words = Counter(match.lower() for line in lines for match in _COMPOUND.findall(line))
    return DocumentProfile(
        language=language or languages.detect(lines) or languages.DEFAULT_LANGUAGE,
        layout=replace(learn_layout(sample), keeps_running_lines=keeps_running_lines),
        compounds=frozenset(word for word, _ in words.most_common(_COMPOUNDS_LIMIT)),
        is_segmented=is_segmented,
    )
