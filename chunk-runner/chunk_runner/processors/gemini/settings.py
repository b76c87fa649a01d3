"""What a job's author asks of Gemini. Pure; what the schema of the PdfJob does not check is checked here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry

from chunk_runner.contract.limits import shorten
from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import ConfigurationError


DEFAULT_MODEL = "gemini-3.5-flash-lite"

_LONGEST = 16 * 2**10
"""Characters of a prompt, and of a schema."""


@dataclass(frozen=True)
class GeminiSettings:
    """The settings of the processor, named as in the PdfJob but for their case.

    Attributes:
        model: Which model.
        input: `pdf` sends the pages, `text` their text layer.
        prompt: What to do, instead of the default task.
        schema: Of the answer, instead of sentences; `None` for sentences.
        max_output_tokens: For one answer; `None` for what so many pages may need.
        thinking_level: `None` for the model's own.
        request_timeout: Seconds for one request.
        fallback: Whether a page that fails alone gets the text of its text layer.
        secret: The name of the key's Secret, for messages; empty where there is none.
    """

    model: str = DEFAULT_MODEL
    input: str = "pdf"
    prompt: str = ""
    schema: Mapping[str, Any] | None = None
    max_output_tokens: int | None = None
    thinking_level: str | None = None
    request_timeout: int = 600
    fallback: bool = False
    secret: str = ""

    @classmethod
    def parse(cls, raw: Mapping[str, Any], secret: str = "") -> GeminiSettings:
        """From the `processor` of a `JobSpec`.

        Args:
            raw: The settings.
            secret: See `GeminiSettings`.

        Raises:
            ConfigurationError: They make no sense; the message says which.
        """
        known = {**{it: it for it in ("name", "maxTotalTokens", "model", "input", "prompt")}, **_NAMES}
        if unknown := sorted(set(raw) - set(known)):
            raise _wrong(f"gemini has no setting “{shorten(unknown[0], 60)}”")
        if raw.get("input", "pdf") not in ("pdf", "text"):
            raise _wrong("input is pdf or text")
        if raw.get("fallback", "none") not in ("none", "text"):
            raise _wrong("fallback is none or text")
        schema = raw.get("outputSchema")
        if max(len(raw.get("prompt", "")), len(schema or "")) > _LONGEST:
            raise _wrong(f"prompt and outputSchema have at most {_LONGEST} characters each")
        if schema is not None and not raw.get("prompt"):
            raise _wrong("outputSchema needs a prompt that says what to fill it with")
        values = {_NAMES.get(key, key): value for key, value in raw.items() if key not in ("name", "maxTotalTokens")}
        values |= {"fallback": raw.get("fallback") == "text", "secret": secret}
        if schema is not None:
            values |= {"schema": _schema(schema)}
        return cls(**values)

    @property
    def asked(self) -> dict[str, Any]:
        """The settings that an answer may depend on."""
        left_out = {"request_timeout", "secret", "fallback"}
        return {it.name: getattr(self, it.name) for it in fields(self) if it.name not in left_out}

    @property
    def decisive(self) -> dict[str, Any]:
        """The settings that a result may depend on."""
        return {**self.asked, "fallback": self.fallback}


_NAMES = {
    "outputSchema": "schema",
    "maxOutputTokens": "max_output_tokens",
    "thinkingLevel": "thinking_level",
    "requestTimeoutSeconds": "request_timeout",
    "fallback": "fallback",
}


def validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    """Validates answers; a schema cannot make it fetch anything."""
    return Draft202012Validator(schema, registry=Registry())


def _schema(text: str) -> Mapping[str, Any]:
    try:
        schema = json.loads(text)
        if not isinstance(schema, dict):
            raise _wrong("outputSchema is a JSON object")
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise _wrong(f"outputSchema is no JSON Schema: {error.message}") from error
    except (ValueError, RecursionError) as error:
        raise _wrong(f"outputSchema is not JSON: {error}") from error
    return schema


def _wrong(what: str) -> ConfigurationError:
    return ConfigurationError(Reason.CONFIGURATION_ERROR, f"The processor's settings are wrong: {what}.")
