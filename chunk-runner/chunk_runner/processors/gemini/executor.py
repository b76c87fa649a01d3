"""The buyer: asks until there is an answer of use, waits where waiting helps, and pays for each answer once.

An answer of use is looked for where it costs nothing first: among the answers of earlier attempts at this chunk, then
in the Redis that all jobs share. What asking again cannot mend is raised: for the whole job, or for these pages.
"""

from __future__ import annotations

import hashlib
import json
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from chunk_runner.contract.limits import shorten
from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import ConfigurationError, StageError, UnavailableError
from chunk_runner.processors.gemini.messages import Answer, Kind, Request
from chunk_runner.processors.gemini.validation import InvalidError


if TYPE_CHECKING:
    from chunk_runner.processors.base import AnswerStore
    from chunk_runner.rate_limit.limiter import Shared

T = TypeVar("T")

Ask = Callable[[Request, Callable[[Answer], None]], Answer]
"""See `client.Client.ask`."""

log = logging.getLogger(__name__)

_PATIENCE = 1800
"""Seconds of transient failures without a single answer, after which the attempt is given up."""

_FIRST_WAIT = 2
_LONGEST_WAIT = 60
"""Seconds between two tries, if the server does not say."""

_CLAIM_SECONDS = 30
"""How long others keep away from an answer that nobody renews the claim to."""

_TRIES = {Kind.INVALID: 2, Kind.MISSHAPEN: 2, Kind.RECITATION: 2, Kind.EMPTY: 5}
"""How often the same is asked before it is asked for fewer pages; what is not listed, once."""

_SMALLER_MAY_HELP = frozenset(
    {
        Kind.TRUNCATED,
        Kind.TOO_BIG,
        Kind.INVALID,
        Kind.MISSHAPEN,
        Kind.EMPTY,
        Kind.RECITATION,
        Kind.REFUSED,
    }
)

_REASONS = {
    Kind.TRUNCATED: Reason.OUTPUT_TRUNCATED,
    Kind.TOO_BIG: Reason.REQUEST_REFUSED,
    Kind.BAD_REQUEST: Reason.REQUEST_REFUSED,
    Kind.INVALID: Reason.OUTPUT_INVALID,
    Kind.MISSHAPEN: Reason.OUTPUT_INVALID,
    Kind.EMPTY: Reason.OUTPUT_INVALID,
    Kind.RECITATION: Reason.RECITATION,
    Kind.REFUSED: Reason.CONTENT_REFUSED,
}


class UnusableError(StageError):
    """The model gives no answer of use about these pages."""

    def __init__(self, kind: Kind, what: str) -> None:
        super().__init__(_REASONS[kind], f"The model gave no usable answer ({shorten(what, 200)}).")
        self.kind = kind
        self.smaller_may_help = kind in _SMALLER_MAY_HELP


@dataclass(frozen=True)
class Buyer:
    """Buys answers.

    Attributes:
        ask: Sends a request, and lets its answer be recorded.
        shared: What all pods share.
        answers: The answers bought for this chunk so far.
        secret: The name of the key's Secret, for messages.
        allow: Called before anything is bought; raises `ChunkError` when nothing may be.
        pause: Sleeps.
        clock: Tells seconds.
    """

    ask: Ask
    shared: Shared
    answers: AnswerStore
    secret: str
    allow: Callable[[], None] = lambda: None
    pause: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def buy(self, request: Request, key: str, tokens: int, check: Callable[[str], T]) -> T:
        """An answer that passes the check.

        Args:
            request: What to ask.
            key: Names everything that the answer depends on.
            tokens: About how many the request has.
            check: Raises `InvalidError` for an answer that is of no use.

        Raises:
            UnusableError: There is none.
            ChunkError: Nothing more may be bought.
            UnavailableError: The service did not answer for a long time.
            ConfigurationError: No request of this job can succeed.
        """
        while not self.shared.claim(key, _CLAIM_SECONDS):
            if (found := self._kept(key, check)) is not None:
                return found
            self.pause(random.uniform(0.5, 1.5))  # noqa: S311 (somebody else is buying the same)
        with self._claimed(key):
            found = self._kept(key, check)
            return self._bought(request, key, tokens, check) if found is None else found

    @contextmanager
    def _claimed(self, key: str) -> Iterator[None]:
        """Keep a claim up until the end of the block; it is short, so that a killed pod's does not last."""
        ended = threading.Event()

        def renew() -> None:
            while not ended.wait(_CLAIM_SECONDS / 3):
                self.shared.claim(key, _CLAIM_SECONDS)

        renewing = threading.Thread(target=renew, daemon=True)
        renewing.start()
        try:
            yield
        finally:
            ended.set()
            renewing.join(_CLAIM_SECONDS)  # or it might claim once more behind our back
            self.shared.release(key)

    def _kept(self, key: str, check: Callable[[str], T]) -> T | None:
        """What was bought before, if it is good: it is no more trusted than what comes from the model."""
        for recall, tell in ((self.answers.get, self._share), (self._recall_shared, self.answers.put)):
            if kept := recall(key):
                with suppress(InvalidError):
                    found = _judged(check, kept)
                    tell(key, kept)  # each what only the other one had
                    return found
        return None

    def _recall_shared(self, key: str) -> str:
        return (self.shared.recall(key) or b"").decode(errors="replace")

    def _share(self, key: str, answer: str) -> None:
        self.shared.keep(key, answer.encode(errors="replace"))

    def _bought(self, request: Request, key: str, tokens: int, check: Callable[[str], T]) -> T:
        self.allow()
        tries: dict[Kind, int] = {}
        silent, waits = 0.0, 0  # seconds since the last answer, waiting for one's turn left out
        while True:
            self._wait_for_turn(tokens)
            began = self.clock()
            answer = self.ask(request, partial(self._record, key))
            self.shared.settle(tokens, answer.tokens.prompt)
            found, answer = self._checked(answer, key, check)
            if answer.stopped is not None:  # what is paid for is kept
                raise answer.stopped
            if found is not None:
                return found
            log.warning("%s: %s", answer.kind, answer.what)
            match answer.kind:
                case Kind.CONFIGURATION | Kind.QUOTA:
                    raise self._hopeless(answer)
                case Kind.TRANSIENT:
                    waits += 1
                    self._wait(answer, waits)
                    if (late := self._kept(key, check)) is not None:  # it came after its time, and is paid for
                        return late
                    silent += self.clock() - began + (answer.wait or 0)
                    if silent > _PATIENCE:
                        raise UnavailableError(
                            Reason.MODEL_UNAVAILABLE,
                            f"The model's service has not answered for {_PATIENCE // 60} minutes ({answer.what}).",
                        )
                case _:
                    silent, waits = 0.0, 0
                    tries[answer.kind] = tries.get(answer.kind, 0) + 1
                    if tries[answer.kind] >= _TRIES.get(answer.kind, 1):
                        raise UnusableError(answer.kind, answer.what)
                    if answer.kind is Kind.EMPTY:
                        self._wait(answer, tries[answer.kind])

    def _record(self, key: str, answer: Answer) -> None:
        if answer.kind is Kind.OK:  # before anything else: it is paid for
            self.answers.put(key, answer.text)
        self.answers.record_usage(answer.tokens, f"{answer.kind}: {answer.what}")

    def _checked(self, answer: Answer, key: str, check: Callable[[str], T]) -> tuple[T | None, Answer]:
        if answer.kind is not Kind.OK:
            return None, answer
        try:
            found = _judged(check, answer.text)
        except InvalidError as error:
            return None, Answer(error.kind, str(error), tokens=answer.tokens, stopped=answer.stopped)
        self._share(key, answer.text)
        return found, answer

    def _wait_for_turn(self, tokens: int) -> None:
        while seconds := self.shared.turn(tokens):
            self.pause(seconds)

    def _wait(self, answer: Answer, waits: int) -> None:
        """Wait as long as the server says, and not the same little more as others do."""
        if answer.wait is not None:  # the next turn comes after it, for everybody
            self.shared.hold(answer.wait + random.uniform(0, max(1, answer.wait / 10)))  # noqa: S311 (spreads load)
        # Some time in any case, and ever more: a server may ask for none.
        most = min(_FIRST_WAIT * 2 ** min(waits - 1, 10), _LONGEST_WAIT)
        self.pause(random.uniform(most / 4, most))  # noqa: S311 (spreads load)

    def _hopeless(self, answer: Answer) -> ConfigurationError:
        if answer.kind is Kind.QUOTA:
            return ConfigurationError(
                Reason.QUOTA_EXHAUSTED,
                f"The quota of the API key{self._where} is used up: {answer.what} Retry the failed chunks later.",
            )
        return ConfigurationError(
            Reason.CONFIGURATION_ERROR,
            f"The model's API refuses the key{self._where}, the model or the address: {answer.what}",
        )

    @property
    def _where(self) -> str:
        return f" in Secret “{self.secret}”" if self.secret else ""


def _judged(check: Callable[[str], T], answer: str) -> T:
    """What the check makes of an answer; whatever goes wrong over it is the answer's fault."""
    try:
        return check(answer)
    except (InvalidError, StageError):
        raise
    except Exception as error:  # a schema and an answer together make its validator raise nearly anything
        raise InvalidError(f"it cannot be read ({type(error).__name__})") from error


def key_of(*what: object) -> str:
    """A name for an answer to exactly this."""
    return hashlib.sha256(json.dumps(what, sort_keys=True, default=str).encode()).hexdigest()
