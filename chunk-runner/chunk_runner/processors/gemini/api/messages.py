"""Requests and classified responses: what `client` and `executor` exchange. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from chunk_runner.contract.stats import Tokens


class ResponseKind(StrEnum):
    """The kinds of responses, by what helps."""

    OK = "ok"
    BUSY = "busy"
    """The service is overloaded, out of reach, or limits the rate of requests: repeat the request later."""
    LIMITED = "limit reached"
    """A limit that the service does not name: a rate limit passes within minutes, a quota does not."""
    FAULT = "server error"
    """The service failed, by accident or because of the request: repeat it a few times, then send fewer pages."""
    TIMEOUT = "timeout"
    """No response came in time, though it may be billed: repeat the request once, then send fewer pages."""
    QUOTA = "quota exhausted"
    """A person must act, or a day must pass: no other chunk would succeed."""
    CONFIGURATION = "configuration error"
    """The API key, the model or the address is wrong: no other chunk would succeed."""
    SETTINGS = "settings rejected"
    """The service rejects what all requests of the job have in common: no other chunk would succeed, unless one has."""
    TRUNCATED = "truncated"
    """The answer was too long: send fewer pages."""
    REFUSED = "refused"
    """The model refuses some content of the pages: send fewer pages."""
    RECITATION = "recitation"
    """The answer was too similar to published text; another one may not be."""
    EMPTY = "empty"
    """There was no answer, though it may be billed; another attempt may bring one."""
    INVALID = "invalid"
    """The answer cannot be about the pages that were sent; another one may be."""
    SCHEMA_MISMATCH = "schema mismatch"
    """The answer does not match the schema; another one may."""
    REJECTED = "rejected"
    """The service rejects the request, because it is too large or because of one of its pages: send fewer pages."""


@dataclass(frozen=True)
class Request:
    """A request to the model.

    Attributes:
        model: The name of the model.
        system: The system instruction.
        text: The text part.
        pdf: The pages; `None` if only their text is sent.
        schema: The JSON Schema of the answer.
        max_output_tokens: The limit for the answer, including thoughts.
        thinking_level: How much the model thinks; `None` for its default.
        pages: The number of pages that it is about.
        tokens: The estimated number of input tokens.
    """

    model: str
    system: str
    text: str
    pdf: bytes | None
    schema: Mapping[str, Any]
    max_output_tokens: int
    thinking_level: str | None = None
    pages: int = 1
    tokens: int = 0


@dataclass(frozen=True)
class Response:
    """A classified response of the model, or of anything on the way to it.

    Attributes:
        kind: What it is, and so what helps.
        detail: The same in the server's words, shortened.
        answer: The answer, if the kind is `OK`.
        tokens: The tokens it cost: failed responses are billed too.
        retry_after: The seconds that the server asks everyone to wait; `None` if it does not.
        stop: The exception that told this process to stop while it waited for the response; `None` if there was none.
    """

    kind: ResponseKind
    detail: str
    answer: str = ""
    tokens: Tokens = field(default_factory=Tokens)
    retry_after: float | None = None
    stop: BaseException | None = None
