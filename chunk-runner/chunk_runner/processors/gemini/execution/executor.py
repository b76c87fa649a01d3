"""The execution of requests: repeating them until there is a valid answer, waiting where that helps, and paying once.

A valid answer is first looked for where it costs nothing: among those that earlier attempts at this chunk bought, then
in the Redis that all pods share. Errors that repeating cannot fix are raised, for the whole job or for these pages.
`repetition` decides which is which; how much of the service is known, `service_state` remembers.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from chunk_runner.contract.limits import shorten
from chunk_runner.contract.reasons import Reason
from chunk_runner.coordination.backoff import between, exponential_backoff
from chunk_runner.coordination.coordinator import renewed_claim
from chunk_runner.errors import ConfigurationError, StageError, UnavailableError
from chunk_runner.processors.gemini.answers.validation import InvalidResponseError
from chunk_runner.processors.gemini.api.messages import Request, Response, ResponseKind
from chunk_runner.processors.gemini.execution.repetition import ANSWERS_PER_PAGE, UNANSWERED, WAITING, may_repeat
from chunk_runner.processors.gemini.execution.service_state import OUTAGE_SECONDS, ServiceState


if TYPE_CHECKING:
    from chunk_runner.coordination.coordinator import Coordinator
    from chunk_runner.processors.base import AnswerStore

ResultT = TypeVar("ResultT")

Send = Callable[[Request, Callable[[Response], None]], Response]
"""See `client.GeminiClient.send`."""

log = logging.getLogger(__name__)

_FIRST_WAIT_SECONDS = 2
_LONGEST_WAIT_SECONDS = 60
"""The wait between two attempts, unless the server asks for another one, which `rate_limiter` limits."""

_REASONS = {
    ResponseKind.TRUNCATED: Reason.OUTPUT_TRUNCATED,
    ResponseKind.REJECTED: Reason.REQUEST_REFUSED,
    ResponseKind.BUSY: Reason.MODEL_UNAVAILABLE,
    ResponseKind.LIMITED: Reason.MODEL_UNAVAILABLE,
    ResponseKind.FAULT: Reason.MODEL_UNAVAILABLE,
    ResponseKind.TIMEOUT: Reason.MODEL_UNAVAILABLE,
    ResponseKind.INVALID: Reason.OUTPUT_INVALID,
    ResponseKind.SCHEMA_MISMATCH: Reason.OUTPUT_INVALID,
    ResponseKind.EMPTY: Reason.OUTPUT_INVALID,
    ResponseKind.RECITATION: Reason.RECITATION,
    ResponseKind.REFUSED: Reason.CONTENT_REFUSED,
}
"""The reason for which pages fail, by the kind of the last response."""


class UnusableResponseError(StageError):
    """The model returns no valid answer about these pages.

    Attributes:
        kind: The kind of the last response.
        answers_left: The number of answers that may still be bought for each of these pages.
    """

    def __init__(self, kind: ResponseKind, detail: str, answers_left: int) -> None:
        super().__init__(_REASONS[kind], f"The model returned no valid answer ({shorten(detail, 200)}).")
        self.kind = kind
        self.answers_left = answers_left


@dataclass(frozen=True)
class RequestExecutor:
    """Executes the requests of one chunk.

    Attributes:
        send: Sends a request.
        coordinator: Shared by all pods.
        answers: The answers bought for this chunk.
        secret: The name of the Secret with the API key, for messages; empty without one.
        require_budget: Called before each request; raises `ChunkError` if nothing more may be bought.
        service: What the requests of this chunk have shown about the service.
        sleep: Waits for a number of seconds.
        clock: Returns a time in seconds.
    """

    send: Send
    coordinator: Coordinator
    answers: AnswerStore
    secret: str
    require_budget: Callable[[], None] = lambda: None
    service: ServiceState = field(default_factory=ServiceState)
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def execute(
        self, request: Request, key: str, parse: Callable[[str], ResultT], answers_left: int = ANSWERS_PER_PAGE
    ) -> ResultT:
        """Return the parsed answer to a request.

        Args:
            request: The request.
            key: Identifies everything that the answer depends on, see `answer_key`.
            parse: Parses an answer; raises `InvalidResponseError` if it is not valid.
            answers_left: The number of answers that may be bought for each page of the request.

        Raises:
            UnusableResponseError: There is no valid answer.
            ChunkError: Nothing more may be bought.
            UnavailableError: The service has not answered for a long time.
            ConfigurationError: No request of this job can succeed.
        """
        while not self.coordinator.answers.claim(key):
            if (result := self._known_result(key, parse)) is not None:
                return result
            self.sleep(between(0.5, 1.5))  # another pod is buying the same answer
        with renewed_claim(self.coordinator.answers, key):
            result = self._known_result(key, parse)
            return self._buy(request, key, parse, answers_left) if result is None else result

    def _known_result(self, key: str, parse: Callable[[str], ResultT]) -> ResultT | None:
        """Return the result of an answer bought earlier; it is validated like one of the model."""
        shared = self.coordinator.answers
        sources: tuple[tuple[Callable[[str], str | None], Callable[[str, str], None]], ...] = (
            (self.answers.get, self._share),
            (lambda key: (shared.get(key) or b"").decode(errors="replace"), self.answers.put),
        )
        for get, put_into_other in sources:
            if answer := get(key):
                with suppress(InvalidResponseError):
                    result = _parse(parse, answer)
                    put_into_other(key, answer)
                    return result
        return None

    def _share(self, key: str, answer: str) -> None:
        self.coordinator.answers.put(key, answer.encode(errors="replace"))

    def _buy(self, request: Request, key: str, parse: Callable[[str], ResultT], answers_left: int) -> ResultT:
        attempts: Counter[ResponseKind] = Counter()
        while True:
            self.require_budget()
            self._wait_for_rate_limit(request.tokens)
            began = self.clock()
            response = self.send(request, partial(self._record, key))
            self.coordinator.rate_limiter.adjust(request.tokens, response.tokens.prompt)
            result, response = self._parse_response(response, key, parse)
            kind = self.service.judge(response.kind)
            if response.stop is not None:  # the answer is kept, and the next attempt will find it
                raise response.stop
            if result is not None:
                return result
            log.warning("%s: %s", kind, response.detail)
            attempts[kind] += 1
            answers_left -= kind not in UNANSWERED
            repeats = may_repeat(kind, attempts[kind], answers_left, request.pages, self.service.waited)
            if repeats and kind in WAITING:
                self._back_off(response, self.service.failures or attempts[kind])
                if (late := self._known_result(key, parse)) is not None:  # it arrived after the timeout
                    return late
            self.service.count_silence(self.clock() - began + (response.retry_after or 0))
            self._require_service(kind, response)
            if not repeats:
                raise UnusableResponseError(kind, response.detail, answers_left)

    def _require_service(self, kind: ResponseKind, response: Response) -> None:
        """Raise if no other request can succeed now."""
        key = f"API key in Secret “{self.secret}”" if self.secret else "API key"
        if kind in (ResponseKind.CONFIGURATION, ResponseKind.SETTINGS):
            raise ConfigurationError(
                Reason.CONFIGURATION_ERROR,
                f"The Gemini API rejects the {key}, the model, the settings or the address: {response.detail}",
            )
        if kind is ResponseKind.QUOTA or (kind is ResponseKind.LIMITED and self.service.is_quota_exhausted):
            raise ConfigurationError(
                Reason.QUOTA_EXHAUSTED,
                f"The quota of the {key} is exhausted: {response.detail} Retry the failed chunks later.",
            )
        if self.service.is_out:
            raise UnavailableError(
                Reason.MODEL_UNAVAILABLE,
                f"The model's API has not answered for {OUTAGE_SECONDS // 60} minutes ({response.detail}).",
            )

    def _record(self, key: str, response: Response) -> None:
        try:
            if response.kind is ResponseKind.OK:  # first of all, because it is paid for
                self.answers.put(key, response.answer)
        finally:  # what cannot be kept is paid for, too
            self.answers.record_usage(response.tokens, f"{response.kind}: {response.detail}")

    def _parse_response(
        self, response: Response, key: str, parse: Callable[[str], ResultT]
    ) -> tuple[ResultT | None, Response]:
        """Return the result of a response, and the response, which is reclassified if it is not valid."""
        if response.kind is not ResponseKind.OK:
            return None, response
        try:
            result = _parse(parse, response.answer)
        except InvalidResponseError as error:
            return None, replace(response, kind=error.kind, detail=str(error), answer="")
        self._share(key, response.answer)
        return result, response

    def _wait_for_rate_limit(self, tokens: int) -> None:
        while seconds := self.coordinator.rate_limiter.acquire(tokens):
            self.sleep(seconds)

    def _back_off(self, response: Response, failures: int) -> None:
        """Wait as long as the server asks for, and a random time that grows with each failure."""
        if response.retry_after is not None:
            jitter = between(0, max(1, response.retry_after / 10))
            self.coordinator.rate_limiter.pause(response.retry_after + jitter)
        # Some time in any case, because a server may ask for none.
        longest = exponential_backoff(failures, first=_FIRST_WAIT_SECONDS, longest=_LONGEST_WAIT_SECONDS)
        self.sleep(between(longest / 4, longest))


def _parse(parse: Callable[[str], ResultT], answer: str) -> ResultT:
    """Return the result of an answer; any unexpected error is taken for an error of the answer."""
    try:
        return parse(answer)
    except (InvalidResponseError, StageError):
        raise
    except Exception as error:  # a schema and an answer together make the validator raise almost any exception
        raise InvalidResponseError(f"it cannot be read ({type(error).__name__})") from error


def answer_key(*parts: object) -> str:
    """Return a key for an answer, made of everything it depends on."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
