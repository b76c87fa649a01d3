"""Coordination with other processes: the rate limit, the shared answers, and the page progress.

Knows no Redis: here are the interfaces, and their form for a process that knows no other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from chunk_runner.coordination.rate_limiter import LocalRateLimiter, RateLimiter, RateLimits


CLAIM_SECONDS = 30
"""A claim expires after this time unless it is renewed, so that a killed pod does not keep it for long."""


class AnswerCache(Protocol):
    """The answers that pods share, and the claims that keep two pods from buying the same one."""

    @property
    def rejected(self) -> int:
        """The number of answers for which a value was found that no pod with this API key wrote."""

    def get(self, key: str) -> bytes | None:
        """Return an answer that any pod has bought; `None` if there is none.

        It is trusted no more than an answer of the model.
        """

    def put(self, key: str, answer: bytes) -> None:
        """Share an answer."""

    def claim(self, key: str) -> bool:
        """Claim an answer in order to buy it, or renew the claim; return False while another pod holds it."""

    def release(self, key: str) -> None:
        """Give up a claim."""


class NoAnswerCache:
    """The form for a process without Redis, which knows no other; its workspace keeps what it has bought."""

    rejected = 0

    def get(self, key: str) -> bytes | None:
        """See `AnswerCache`."""
        del key
        return None

    def put(self, key: str, answer: bytes) -> None:
        """See `AnswerCache`."""

    def claim(self, key: str) -> bool:
        """See `AnswerCache`."""
        del key
        return True

    def release(self, key: str) -> None:
        """See `AnswerCache`."""


@dataclass(frozen=True)
class Coordinator:
    """The parts that a process coordinates with others.

    Attributes:
        rate_limiter: Shared by all pods with one API key.
        answers: Shared by all pods.
        report_progress: Called with a PdfJob's uid, a chunk, and the number of its pages that are processed.
    """

    rate_limiter: RateLimiter = field(default_factory=LocalRateLimiter)
    answers: AnswerCache = field(default_factory=NoAnswerCache)
    report_progress: Callable[[str, int, int], None] = lambda _job, _chunk, _pages: None


def local_coordinator(limits: RateLimits) -> Coordinator:
    """Return the parts for a process without Redis."""
    return Coordinator(LocalRateLimiter(limits))


@contextmanager
def renewed_claim(answers: AnswerCache, key: str) -> Iterator[None]:
    """Renew a claim until the end of the block, then release it.

    Args:
        answers: Where the answer has been claimed.
        key: The key of the answer.
    """
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(CLAIM_SECONDS / 3):
            answers.claim(key)

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(CLAIM_SECONDS)  # or it might claim the answer again after the release
        answers.release(key)
