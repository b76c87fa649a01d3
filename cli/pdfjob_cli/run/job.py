"""Turns the options of `pdfjob run` into the specification of a job: choices, checks, and files that options name."""

from __future__ import annotations

import os
import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import typer

from chunk_runner.contract import page_ranges
from chunk_runner.errors import ConfigurationError
from chunk_runner.processors.gemini.api.credentials import Credentials
from chunk_runner.processors.registry import processor_for
from pdfjob_cli import file_options


class ProcessorName(StrEnum):
    """The processors of this version."""

    TEXT = "text"
    GEMINI = "gemini"


class Input(StrEnum):
    """The input of a model."""

    PDF = "pdf"
    TEXT = "text"


class Fallback(StrEnum):
    """The replacement for a page that a model does not return."""

    NONE = "none"
    TEXT = "text"


class ThinkingLevel(StrEnum):
    """The thinking levels of a model."""

    MINIMAL = "minimal"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class RunningLines(StrEnum):
    """The treatments of running headers and footers: `job_spec.RUNNING_LINES`."""

    DROP = "drop"
    KEEP = "keep"


class Format(StrEnum):
    """The output formats: the keys of `job_spec.OUTPUTS`."""

    JSON = "json"
    JSONL = "jsonl"
    MARKDOWN = "markdown"


@dataclass(frozen=True)
class GeminiOptions:
    """The options that need `--processor gemini`, as they were given; `None` for the default of the processor."""

    model: str | None
    input: Input | None
    prompt_file: Path | None
    schema_file: Path | None
    fallback: Fallback | None
    thinking_level: ThinkingLevel | None
    max_output_tokens: int | None
    max_total_tokens: int | None
    request_timeout: int | None
    api_key_file: Path | None

    def settings(self) -> dict[str, Any]:
        """Return the settings of the processor, by their names in a PdfJob.

        Raises:
            typer.BadParameter: A file cannot be read.
        """
        given = {
            "model": self.model,
            "input": self.input,
            "prompt": _text(self.prompt_file, "--prompt-file"),
            "outputSchema": _text(self.schema_file, "--schema-file"),
            "fallback": self.fallback,
            "thinkingLevel": self.thinking_level,
            "maxOutputTokens": self.max_output_tokens,
            "maxTotalTokens": self.max_total_tokens,
            "requestTimeoutSeconds": self.request_timeout,
        }
        return {key: value for key, value in given.items() if value is not None}


def processor(name: ProcessorName, options: GeminiOptions) -> dict[str, Any]:
    """Return the processor's name and settings, as in `JobSpec.processor`.

    The settings and the API key are checked here, before any file is opened.

    Raises:
        typer.BadParameter: The options do not fit the processor, or are invalid.
    """
    if name is not ProcessorName.GEMINI:
        if any(value is not None for value in asdict(options).values()):
            raise typer.BadParameter("the options of a model need --processor gemini")
        return {"name": name.value}
    chosen = {"name": name.value, **options.settings()}
    if options.api_key_file is not None:  # in the environment, where the workers find it
        os.environ["GEMINI_API_KEY"] = file_options.first_line(options.api_key_file, "--api-key-file", "API key")
    try:
        processor_for(chosen)
        Credentials.from_environment()
    except ConfigurationError as error:
        raise typer.BadParameter(error.message) from error
    return chosen


def check_pages(text: str | None) -> str | None:
    """Refuse ranges that select no pages of any file."""
    try:
        if text is not None:
            page_ranges.check(text)
    except page_ranges.SelectionError as error:
        raise typer.BadParameter(str(error)) from error
    return text


def check_language(text: str | None) -> str | None:
    """Refuse what is not two lowercase letters."""
    if text is not None and not re.fullmatch("[a-z]{2}", text):
        raise typer.BadParameter("expected two lowercase letters (ISO 639-1), such as en or fr")
    return text


def _text(file: Path | None, option: str) -> str | None:
    return None if file is None else file_options.text(file, option)
