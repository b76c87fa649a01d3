"""Plausibility: whether the sentences of an answer can be those of the pages that were sent. Pure.

A model may invent text, repeat itself, omit pages, or follow instructions in the document. The text layer of the pages,
where there is a readable one, is the reference: most of an answer must be in it, and most of it must be in the answer.
Pages without a text layer are only checked for repetition.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from itertools import chain

from chunk_runner.processors.gemini.answers.sentences import ModelSentence
from chunk_runner.processors.gemini.answers.validation import InvalidResponseError


_ANSWER_SHINGLE = 8
_REFERENCE_SHINGLE = 12
"""Letters that are compared at a time, of an answer and of its reference: not words, because some scripts do not
separate them. Shorter runs occur in any text; in longer ones, each letter that a model misreads weighs more."""

_MINIMUM_LETTERS = 200
"""Letters of a page, or of an answer about it; fewer prove nothing."""

_MINIMUM_OMITTED = 60
"""Letters of a page that an answer omits altogether; fewer may be a caption or a title."""

_KNOWN_SHARE = 0.4
"""The share of an answer about a page that must be in its text layer, or in those of its neighbors."""

_COVERED_SHARE = 0.2
"""The share of a page's text layer that must be in the answers about it and its neighbors."""

_REPETITIONS = 5
"""How much more often an entry may occur in an answer than in the text layer."""

_REPETITIONS_WITHOUT_REFERENCE = 30
"""How often an entry may occur without a text layer: a form has “Yes” and “No” several times per page."""


def require_plausible(
    entries: Sequence[ModelSentence], references: Sequence[str | None], *, has_picture: Sequence[bool] | None = None
) -> None:
    """Compare sentences with the text layer of the pages.

    Args:
        entries: The sentences.
        references: The text of each page, which is empty for a blank page; `None` if there is no reliable text.
        has_picture: For each page, whether it has a picture that may hold more text; its text layer must be covered
            all the same.

    Raises:
        InvalidResponseError: They cannot be the sentences of these pages.
    """
    letters = ["" if text is None else _letters(text) for text in references]
    answers = [[_letters(entry.text) for entry in entries if entry.page == page + 1] for page in range(len(references))]
    pictures = has_picture or [False] * len(references)
    is_open = [text is None or picture for text, picture in zip(references, pictures, strict=True)]
    _require_no_repetition(entries, "".join(letters), is_open=any(is_open))
    for page, text in enumerate(references):
        if text is None:
            continue
        around = slice(max(page - 1, 0), page + 2)
        known, answered = "".join(letters[around]), "".join(chain.from_iterable(answers[around]))
        may_continue = any(is_open[page + 1 : page + 2])  # the last sentence may end where there is no reference
        own = "" if is_open[page] else "".join(answers[page][:-1] if may_continue else answers[page])
        if len(own) >= _MINIMUM_LETTERS and _share(own, known, _ANSWER_SHINGLE) < _KNOWN_SHARE:
            raise InvalidResponseError(f"its text for page {page + 1} is not on that page")
        if len(own) > 2 * len(known) + _MINIMUM_LETTERS:
            raise InvalidResponseError(f"it has more text than page {page + 1}")
        minimum = _MINIMUM_LETTERS if any(answers[page]) else _MINIMUM_OMITTED
        if len(letters[page]) >= minimum and _share(letters[page], answered, _REFERENCE_SHINGLE) < _COVERED_SHARE:
            raise InvalidResponseError(f"it omits page {page + 1}")


def _require_no_repetition(entries: Sequence[ModelSentence], letters: str, *, is_open: bool) -> None:
    for text, count in Counter(_letters(entry.text) for entry in entries).items():
        allowed = _REPETITIONS_WITHOUT_REFERENCE if is_open else _REPETITIONS
        if text and count > allowed and count > allowed + letters.count(text):
            raise InvalidResponseError("it repeats itself")


def _letters(text: str) -> str:
    """Return the letters and digits of a text, which no model normalises away."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).casefold() if char.isalnum())


def _share(part: str, whole: str, size: int) -> float:
    """Return the share of a text's runs of letters that another text contains.

    Args:
        part: The text.
        whole: The other text.
        size: The letters of a run.
    """
    shingles = [part[at : at + size] for at in range(len(part) - size + 1)]
    known = {whole[at : at + size] for at in range(len(whole) - size + 1)}
    return sum(shingle in known for shingle in shingles) / len(shingles) if shingles else 1.0
