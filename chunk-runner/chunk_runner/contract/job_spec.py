"""The specification of a job, as the prepare pod gets it in its environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


OUTPUTS = {"json": "output.json", "jsonl": "output.jsonl", "markdown": "output.md"}
"""The formats of an output, and the output's name in the workspace for each."""


@dataclass(frozen=True)
class JobSpec:
    """What a job is to do: all that prepare needs to know of a PdfJob.

    Attributes:
        path: The source, relative to its volume (or to the working directory of a local run).
        processor: The processor and its settings, `{"name": "text"}`.
        pages_per_chunk: Pages in every chunk but the last, 1 or more.
        sha256: What the source's checksum must be, in hexadecimal; `None` when it was not given.
        pages: The pages to process, as `selection` reads them: `"1-120,130-"`; `None` for all.
        language: Of the source's text, as two letters of ISO 639-1; `None` to find out.
        format: Of the output: one of `OUTPUTS`.
    """

    path: str
    processor: Mapping[str, Any] = field(default_factory=lambda: {"name": "text"})
    pages_per_chunk: int = 30
    sha256: str | None = None
    pages: str | None = None
    language: str | None = None
    format: str = "json"

    def dumps(self) -> str:
        """The specification as it travels in `SPEC_ENV`."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)  # an escape takes three times the room

    @classmethod
    def loads(cls, text: str) -> JobSpec:
        """Read what `dumps` wrote.

        Raises:
            ValueError: The text is not such a specification; the message says what is wrong.
        """
        raw = json.loads(text)
        if not isinstance(raw, dict) or not isinstance(raw.get("path"), str):
            raise ValueError("a specification is a JSON object with a path")  # noqa: TRY004 (one kind for callers)
        spec = cls(**raw)
        if not isinstance(spec.pages_per_chunk, int) or spec.pages_per_chunk < 1:
            raise ValueError("pages_per_chunk is a whole number, 1 or more")
        if spec.format not in OUTPUTS:
            raise ValueError(f"the format is one of {', '.join(OUTPUTS)}")
        return spec
