"""The repetition of requests: whether one is repeated, and what a fault may cost. Pure.

The price of a fault is limited here and nowhere else: a page is part of at most `ANSWERS_PER_PAGE` requests that are
answered, and so may be billed. A chunk of n pages therefore costs at most four times n requests, and each page is paid
for at most four times, whatever the model or the service does. Waiting costs time only; `service_state` limits it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from chunk_runner.processors.gemini.api.messages import ResponseKind


PartT = TypeVar("PartT")

ANSWERS_PER_PAGE = 4

UNANSWERED = frozenset({ResponseKind.BUSY, ResponseKind.LIMITED, ResponseKind.FAULT})
"""The kinds of responses that cost nothing. A timeout may be billed."""

WAITING = UNANSWERED | {ResponseKind.TIMEOUT, ResponseKind.EMPTY}
"""The kinds after which a repetition has to wait."""

_PATIENCE_SECONDS = 300
"""Others pass sooner: an overload or a rate limit that lasts for so long may be due to the number of pages."""

_ATTEMPTS = {
    ResponseKind.BUSY: 5,
    ResponseKind.LIMITED: 5,
    ResponseKind.FAULT: 3,
    ResponseKind.TIMEOUT: 2,
    ResponseKind.INVALID: 2,
    ResponseKind.SCHEMA_MISMATCH: 2,
    ResponseKind.RECITATION: 2,
    ResponseKind.EMPTY: 4,
}
"""How often a request is sent before fewer pages are; once, for kinds that are not listed."""


def may_repeat(kind: ResponseKind, attempts: int, answers_left: int, pages: int, waited: float = 0) -> bool:
    """Return True if the same request is sent again.

    Args:
        kind: The kind of the last response.
        attempts: The number of responses of this kind so far.
        answers_left: The number of answers that may still be bought for each of these pages.
        pages: The number of pages that the request is about.
        waited: The seconds for which the chunk has waited for the service so far.
    """
    if kind in (ResponseKind.BUSY, ResponseKind.LIMITED) and waited < _PATIENCE_SECONDS:
        return True
    if attempts >= _ATTEMPTS.get(kind, 1):
        return False
    needed = 1 if pages == 1 else 2  # several pages may have to be asked for one by one afterwards
    return kind in UNANSWERED or answers_left >= needed


def divide(pages: Sequence[PartT], answers_left: int) -> list[Sequence[PartT]]:
    """Return the parts in which pages are sent next: halves, or more parts if the answers would not suffice otherwise.

    Args:
        pages: Consecutive pages, two or more.
        answers_left: The number of answers that may still be bought for each of them, 1 or more.
    """
    count = 2
    while count**answers_left < len(pages):
        count += 1
    return [pages[len(pages) * at // count : len(pages) * (at + 1) // count] for at in range(count)]
