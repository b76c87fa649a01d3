"""The processor that asks Gemini: sentences, or whatever the job's prompt and schema ask for."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from chunk_runner.contract import environment
from chunk_runner.pdf import reader
from chunk_runner.processors.base import Task
from chunk_runner.processors.chunk_result import ChunkResult
from chunk_runner.processors.gemini import prompt
from chunk_runner.processors.gemini.credentials import Access
from chunk_runner.processors.gemini.executor import Ask, Buyer
from chunk_runner.processors.gemini.extraction import Extraction
from chunk_runner.processors.gemini.settings import GeminiSettings
from chunk_runner.rate_limit.limiter import Shared, shared


@dataclass(frozen=True)
class GeminiProcessor:
    """Extracts sentences or structured answers with Gemini.

    Attributes:
        settings: The settings of the job's author.
    """

    settings: GeminiSettings
    name = "gemini"
    version = f"{prompt.VERSION} ({reader.VERSION})"
    uses_neighbours = True
    returns_sentences = True

    @property
    def decisive_settings(self) -> Mapping[str, Any]:
        """See `Processor`."""
        return self.settings.decisive

    def process(self, task: Task, on_page: Callable[[], None]) -> ChunkResult:
        """See `Processor.process`."""
        refs = [ref for ref in (task.before, *task.pages, task.after) if ref is not None]
        pages = {page.number: page for page in reader.read(task.path, refs, keep_open=task.is_source)}
        buyer = self._buyer(task)
        job = os.environ.get(environment.JOB_ENV)

        def report_page() -> None:
            on_page()
            if job:
                buyer.shared.progress(job, task.index, len(extraction.outcomes))

        extraction = Extraction(self.settings, task, pages, report_page, buyer)
        segments = task.profile.joiner.segment(extraction.items())
        extraction.require_success()
        return ChunkResult(extraction.outcomes, segments)

    def _buyer(self, task: Task) -> Buyer:
        access = Access.from_environment(self.settings.secret)
        ask, others = _service(access, self.settings.request_timeout)
        # Asked once: a chunk that is under way is finished, by halves too.
        return Buyer(ask, others, task.answers, self.settings.secret, cache(task.require_budget))


@cache
def _service(access: Access, seconds: float) -> tuple[Ask, Shared]:
    """The way to the model, and what is shared: once for a process, because it remembers what was sent."""
    from chunk_runner.processors.gemini.client import Client  # noqa: PLC0415 (the SDK takes long to load: only who asks needs it)

    others = shared(
        access.redis_url,
        access.key,
        requests_per_minute=access.requests_per_minute,
        tokens_per_minute=access.tokens_per_minute,
        holder=uuid.uuid4().hex,
    )
    return Client(access, seconds).ask, others
