"""Validation: whether an answer has the shape that was asked for, and is no loop.

`plausibility` compares it with the text layer of the pages.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema.exceptions import ValidationError

from chunk_runner.processors.gemini.answers import schema_check
from chunk_runner.processors.gemini.answers.decoding import decode
from chunk_runner.processors.gemini.api.messages import ResponseKind
from chunk_runner.processors.gemini.output_schema import validator


class InvalidResponseError(Exception):
    """The answer is not valid; the message is the cause as a clause.

    Attributes:
        kind: The kind of response that it is.
    """

    def __init__(self, cause: str, kind: ResponseKind = ResponseKind.INVALID) -> None:
        super().__init__(cause)
        self.kind = kind


_LOOP_MINIMUM = 2_000
_LOOP_DENSITY = 0.05
"""A text of at least so many bytes that compresses to less than this share of its size is a loop."""


def parse_answer(
    answer: str, schema: Mapping[str, Any], reshape: Callable[[Any], Any] = lambda data: data, *, is_own: bool = False
) -> Any:
    """Return an answer as data that matches the schema.

    Args:
        answer: The answer.
        schema: The schema.
        reshape: Returns data in the shape of the schema, where that leaves no doubt.
        is_own: True if the author of the job wrote the schema.

    Raises:
        InvalidResponseError: It does not match.
    """
    try:
        data = reshape(decode(answer))
        if not is_own:
            validator(schema).validate(data)
        elif cause := schema_check.mismatch(data, schema):
            raise InvalidResponseError(cause, ResponseKind.SCHEMA_MISMATCH)
        json.dumps(data, allow_nan=False)  # data that cannot be written is rejected here
    except ValidationError as error:
        raise InvalidResponseError(schema_check.describe(error), ResponseKind.SCHEMA_MISMATCH) from error
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise InvalidResponseError("it is not JSON") from error
    for text in _strings(data):
        _require_no_loop(text)
    return data


def _require_no_loop(text: str) -> None:
    raw = text.encode(errors="replace")
    if len(raw) > _LOOP_MINIMUM and len(zlib.compress(raw)) < _LOOP_DENSITY * len(raw):
        raise InvalidResponseError("it repeats itself")


def _strings(data: Any) -> Iterator[str]:
    """Yield the strings of an answer one by one: the repeated frame of a form or table is not a loop."""
    match data:
        case str():
            yield data
        case dict():
            for value in data.values():
                yield from _strings(value)
        case list():
            for value in data:
                yield from _strings(value)
