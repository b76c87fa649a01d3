"""The text layer of single pages: what answers are compared with, and what stands in for them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from chunk_runner.pdf.page import Page, PageState
from chunk_runner.processors.gemini.answers.sentences import ModelSentence
from chunk_runner.text.document_profile import DocumentProfile
from chunk_runner.text.entries import Sentence
from chunk_runner.text.language.legibility import is_language
from chunk_runner.text.layout.arrangement import arrange
from chunk_runner.text.layout.line import Line, PageText
from chunk_runner.text.sentences.seams import SeamJoiner


_CONTINUATION_MINIMUM = 8
_CONTINUATION_LIMIT = 3_000
"""Characters at the end of a sentence that are looked for at the beginning of the next page."""


def running_text(page: Page | None, profile: DocumentProfile) -> str:
    """Return the text of a page on one line, with what stands beside it last; empty if there is none."""
    if page is None or page.state is not PageState.OK:
        return ""
    arranged = arrange(page, profile.layout)
    lines = [line.text for line in (*arranged.body, *arranged.notes)]
    dehyphenator = profile.joiner.dehyphenator
    return "".join(
        dehyphenator.before(dehyphenator.remove_soft_hyphens(line), following)
        for line, following in pairwise([*lines, " "])
    )


def reference_text(page: Page, text: str) -> str | None:
    """Return the text that an answer about a page is compared with.

    The result is `None` if there is none: for a scan, and for a font whose characters are mapped to meaningless ones.

    Args:
        page: The page.
        text: Its running text.
    """
    return text if page.state is PageState.EMPTY or is_language(text) else None


def sentence_lines(page: Page, profile: DocumentProfile) -> PageText:
    """Return the sentences of a page's text layer, each as one line, like those of a model's answer."""
    seam = SeamJoiner(replace(profile.joiner, is_segmented=False))
    body, notes, dropped = arrange(page, profile.layout)
    sentences = seam.joiner.segment(body)
    entries = [*seam.join(sentences), *sentences.entries, *seam.close()]
    return PageText(
        [Line(page.number, it.text, starts=at > 0) for at, it in enumerate(entries) if isinstance(it, Sentence)],
        [Line(page.number, it.text, starts=True) for it in seam.joiner.segment_notes(notes)],
        dropped,
    )


def lines_of_sentence(
    sentence: ModelSentence, pages: Sequence[Page], texts: Sequence[str], *, is_first: bool
) -> Iterator[Line]:
    """Yield a sentence as one line, or as two if the next page begins with its end.

    A model says only on which page a sentence begins.

    Args:
        sentence: The sentence.
        pages: The pages that were sent.
        texts: Their running texts.
        is_first: True for the first sentence of an answer.
    """
    text, at = sentence.text, sentence.page - 1
    following = texts[at + 1] if at + 1 < len(texts) and text not in texts[at] else ""
    space = max(len(text) - min(len(following), _CONTINUATION_LIMIT), 0)
    while following and (space := text.find(" ", space) + 1):
        end = text[space:]
        if len(end) >= _CONTINUATION_MINIMUM and f"{following} ".startswith(f"{end} "):
            yield Line(pages[at].number, text[: space - 1], starts=not is_first)
            yield Line(pages[at + 1].number, end)
            return
    yield Line(pages[at].number, text, starts=not is_first)
