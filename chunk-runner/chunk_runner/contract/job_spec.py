"""The specification of a job, as the prepare pod receives it in its environment."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from chunk_runner.contract.limits import shorten


OUTPUTS = {"json": "output.json", "jsonl": "output.jsonl", "markdown": "output.md"}
"""The output formats, and the output's file name in the workspace for each."""

RUNNING_LINES = ("drop", "keep")
"""The treatments of running headers and footers: left out of the output, or kept as entries of their own."""


@dataclass(frozen=True)
class JobSpec:
    """Everything that prepare needs to know about a PdfJob.

    Attributes:
        path: The source, relative to its volume (or to the working directory of a local run).
        processor: The processor's name and settings, `{"name": "text"}`; each processor validates its own settings.
        pages_per_chunk: Pages in every chunk but the last, 1 or more.
        sha256: The expected checksum of the source, in hexadecimal; `None` to accept any.
        pages: The pages to process, as `page_ranges` reads them: `"1-120,130-"`; `None` for all.
        language: The language of the source, as two letters of ISO 639-1; `None` to detect it.
        running_lines: The treatment of running headers and footers, one of `RUNNING_LINES`.
        format: The output format, one of `OUTPUTS`.
        api_key_secret: The name of the Secret that holds the API key, for error messages only; `None` without a Secret.
    """

    path: str
    processor: Mapping[str, Any] = field(default_factory=lambda: {"name": "text"})
    pages_per_chunk: int = 30
    sha256: str | None = None
    pages: str | None = None
    language: str | None = None
    running_lines: str = RUNNING_LINES[0]
    format: str = "json"
    api_key_secret: str | None = None

    def dumps(self) -> str:
        """Serialize the specification for `SPEC_ENV`."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)  # an escape takes three times the room

    @classmethod
    def loads(cls, text: str) -> JobSpec:
        """Parse the output of `dumps`.

        Raises:
            ValueError: The text is not a valid specification; the message names the key.
        """
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"not JSON ({shorten(str(error), 100)})") from error
        if not _is_object(raw):
            raise ValueError("not a JSON object")
        if unknown := sorted(set(raw) - set(_KEYS)):
            raise ValueError(f"unknown key “{shorten(unknown[0], 60)}”")
        if "path" not in raw:
            raise ValueError("the key “path” is missing")
        for key, value in raw.items():
            is_valid, expected = _KEYS[key]
            if not is_valid(value):
                raise ValueError(f"“{key}” must be {expected}")
        return cls(**raw)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_text_or_null(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_processor(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("name"), str)


def _is_positive(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_sha256_or_null(value: Any) -> bool:
    return value is None or (isinstance(value, str) and re.fullmatch("[0-9a-fA-F]{64}", value) is not None)


def _is_language_or_null(value: Any) -> bool:
    return value is None or (isinstance(value, str) and re.fullmatch("[a-z]{2}", value) is not None)


def _is_running_lines(value: Any) -> bool:
    return isinstance(value, str) and value in RUNNING_LINES


def _is_format(value: Any) -> bool:
    return isinstance(value, str) and value in OUTPUTS


_KEYS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "path": (_is_text, "a string"),
    "processor": (_is_processor, "an object with a “name”"),
    "pages_per_chunk": (_is_positive, "a whole number, 1 or more"),
    "sha256": (_is_sha256_or_null, "64 hexadecimal digits or null"),
    "pages": (_is_text_or_null, "a string or null"),
    "language": (_is_language_or_null, "two lowercase letters or null"),
    "running_lines": (_is_running_lines, f"one of {', '.join(RUNNING_LINES)}"),
    "format": (_is_format, f"one of {', '.join(OUTPUTS)}"),
    "api_key_secret": (_is_text_or_null, "a string or null"),
}
"""The keys of a specification: the test for each value, and the description of a valid one."""
