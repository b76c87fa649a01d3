"""What a model answers, what Redis holds of it, and what the author of a PdfJob writes about the model."""

from __future__ import annotations

import json
from typing import Any

from chunk_runner.coordination.sealing import Seal
from chunk_runner.errors import ConfigurationError
from chunk_runner.processors.gemini.answers import schema_check
from chunk_runner.processors.gemini.answers.plausibility import require_plausible
from chunk_runner.processors.gemini.answers.sentences import parse_sentences
from chunk_runner.processors.gemini.answers.validation import InvalidResponseError
from chunk_runner.processors.gemini.prompt import SENTENCES
from chunk_runner.processors.gemini.settings import GeminiSettings
from fuzz.target import Target, json_seeds, text_of


_PAGES = ["The first page says this.", "The second page says something else."]


def _sentences(data: bytes) -> None:
    entries = parse_sentences(text_of(data), SENTENCES, len(_PAGES))
    require_plausible(entries, _PAGES)


def _schema(data: bytes) -> None:
    settings = GeminiSettings.parse({"name": "gemini", "prompt": "Summarize.", "outputSchema": text_of(data)})
    for answer in (None, 1, "a", [[1]], {"a": {"a": "a"}}):  # too small for patterns that backtrack
        assert settings.schema is not None
        _ = [*schema_check.check(settings.schema, answer)]


def _processor(data: bytes) -> None:
    GeminiSettings.parse({"name": "gemini", **_object(data)})


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text_of(data))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _sealed(data: bytes) -> None:
    assert Seal("key").open("name", data) is None


TARGETS = {
    "answer": Target(
        _sentences,
        (InvalidResponseError,),
        json_seeds(
            {"sentences": [{"page": 1, "text": _PAGES[0]}, {"page": 2, "text": _PAGES[1]}]},
            {"sentences": []},
        ),
    ),
    "schema": Target(
        _schema,
        (ConfigurationError,),
        json_seeds(
            {"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "pattern": "^a+$"}}},
            {"$ref": "#/$defs/a", "$defs": {"a": {"properties": {"a": {"$ref": "#/$defs/a"}}}}},
        ),
    ),
    "processor": Target(
        _processor,
        (ConfigurationError,),
        json_seeds({"model": "m", "input": "pdf", "prompt": "p", "maxOutputTokens": 100, "requestTimeoutSeconds": 60}),
    ),
    "sealed answer": Target(_sealed, (), (Seal("other").close("name", b"answer"),)),
}
