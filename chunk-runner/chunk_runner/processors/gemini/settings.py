"""The settings of the processor `gemini`, and the checks that the schema of the PdfJob cannot make. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from chunk_runner.contract.limits import shorten
from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import ConfigurationError
from chunk_runner.processors.gemini import output_schema
from chunk_runner.processors.gemini.output_schema import OutputSchemaError


DEFAULT_MODEL = "gemini-3.5-flash-lite"

_TEXT_LIMIT = 16 * 2**10
"""Characters of a prompt, and of a schema."""


@dataclass(frozen=True)
class GeminiSettings:
    """The settings of the processor, named as in the PdfJob but in snake case.

    Attributes:
        model: The name of the model.
        input: `pdf` to send the pages, `text` to send their text layer.
        prompt: The task, instead of the default one; empty for that.
        schema: The JSON Schema of the answer, instead of sentences; `None` for sentences.
        max_output_tokens: The limit for one answer; `None` to derive it from the number of pages.
        thinking_level: How much the model thinks; `None` for its default.
        request_timeout: The seconds for one request.
        fallback: True if a page that fails alone gets the text of its text layer.
        secret: The name of the Secret with the API key, for messages; empty without one.
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
        """Return the settings that the `processor` of a `JobSpec` gives.

        Args:
            raw: The settings.
            secret: See `GeminiSettings`.

        Raises:
            ConfigurationError: A setting is not valid; the message names it.
        """
        known = {"name", "maxTotalTokens", "model", "input", "prompt", *_NAMES}
        if unknown := sorted(set(raw) - known):
            raise _error(f"gemini has no setting “{shorten(unknown[0], 60)}”")
        for key, value in raw.items():
            kind = int if key in _NUMBERS else str
            if not isinstance(value, kind) or isinstance(value, bool):
                raise _error(f"{key} must be a {'whole number' if kind is int else 'string'}")
        if raw.get("input", "pdf") not in ("pdf", "text"):
            raise _error("input must be pdf or text")
        if raw.get("fallback", "none") not in ("none", "text"):
            raise _error("fallback must be none or text")
        schema = raw.get("outputSchema")
        if max(len(raw.get("prompt", "")), len(schema or "")) > _TEXT_LIMIT:
            raise _error(f"prompt and outputSchema may have at most {_TEXT_LIMIT} characters each")
        if schema is not None and not raw.get("prompt"):
            raise _error("outputSchema needs a prompt that says how to fill it")
        values = {_NAMES.get(key, key): value for key, value in raw.items() if key not in ("name", "maxTotalTokens")}
        values |= {"fallback": raw.get("fallback") == "text", "secret": secret}
        if schema is not None:
            values |= {"schema": _schema(schema)}
        return cls(**values)

    @property
    def answer_settings(self) -> dict[str, Any]:
        """The settings that an answer depends on."""
        others = {"request_timeout", "secret", "fallback"}
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in others}

    @property
    def decisive_settings(self) -> dict[str, Any]:
        """The settings that a result depends on."""
        return {**self.answer_settings, "fallback": self.fallback}


_NAMES = {
    "outputSchema": "schema",
    "maxOutputTokens": "max_output_tokens",
    "thinkingLevel": "thinking_level",
    "requestTimeoutSeconds": "request_timeout",
    "fallback": "fallback",
}


_NUMBERS = ("maxTotalTokens", "maxOutputTokens", "requestTimeoutSeconds")


def _schema(text: str) -> Mapping[str, Any]:
    try:
        return output_schema.parse(text)
    except OutputSchemaError as error:
        raise _error(str(error)) from error


def _error(problem: str) -> ConfigurationError:
    return ConfigurationError(Reason.CONFIGURATION_ERROR, f"The processor settings are not valid: {problem}.")
