"""What is asked, and what comes back: the words between `client`, which speaks to the service, and `buyer`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from chunk_runner.contract.stats import Tokens


class Kind(StrEnum):
    """What an answer is good for, and so what is to be done."""

    OK = "ok"
    TRANSIENT = "transient"
    """Wait, and ask again."""
    QUOTA = "quota"
    """Whoever pays must act, or a day must pass: no chunk will fare better."""
    CONFIGURATION = "configuration"
    """The key, the model or the address is wrong: no chunk will fare better."""
    TRUNCATED = "truncated"
    """The answer was too long: ask about fewer pages."""
    TOO_BIG = "too big"
    """The request was too big: ask about fewer pages."""
    REFUSED = "refused"
    """The model will not speak about something in these pages."""
    RECITATION = "recitation"
    """The answer was too much like something that is published; the next one may be less so."""
    EMPTY = "empty"
    """What came is no answer at all, though it may be billed; the next one may be."""
    INVALID = "invalid"
    """The answer makes no sense; the next one may."""
    MISSHAPEN = "misshapen"
    """The answer is not of the schema; the next one may be."""
    BAD_REQUEST = "bad request"
    """The server takes no such request, and never will."""


@dataclass(frozen=True)
class Request:
    """What is asked.

    Attributes:
        model: Which model.
        system: The system instruction.
        text: The question.
        pdf: The pages, if they are sent.
        schema: JSON Schema of the answer.
        max_output_tokens: Of the answer, thoughts included.
        thinking_level: `None` for the model's own.
    """

    model: str
    system: str
    text: str
    pdf: bytes | None
    schema: Mapping[str, Any]
    max_output_tokens: int
    thinking_level: str | None = None


@dataclass(frozen=True)
class Answer:
    """What came of it.

    Attributes:
        kind: What it is good for.
        what: The same in the server's words, short.
        text: The answer itself, if it is `ok`.
        tokens: What it cost: failed answers are billed too.
        wait: Seconds that the server wants everybody to wait.
        stopped: What told this process to stop while the answer was on its way, if something did.
    """

    kind: Kind
    what: str
    text: str = ""
    tokens: Tokens = field(default_factory=Tokens)
    wait: float | None = None
    stopped: BaseException | None = None
