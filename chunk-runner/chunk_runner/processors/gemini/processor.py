"""The processor `gemini`: sentences, or structured answers by the job's own prompt and schema."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from chunk_runner.contract import environment
from chunk_runner.coordination.coordinator import Coordinator, local_coordinator
from chunk_runner.coordination.rate_limiter import RateLimits
from chunk_runner.pdf import reader
from chunk_runner.processors.base import Task
from chunk_runner.processors.chunk_result import ChunkResult
from chunk_runner.processors.gemini import prompt
from chunk_runner.processors.gemini.api.credentials import Credentials
from chunk_runner.processors.gemini.execution.executor import RequestExecutor, Send
from chunk_runner.processors.gemini.extraction import Extraction
from chunk_runner.processors.gemini.settings import GeminiSettings


@dataclass(frozen=True)
class GeminiProcessor:
    """Extracts sentences or structured answers with Gemini.

    Attributes:
        settings: The settings of the job's author.
    """

    settings: GeminiSettings
    name = "gemini"
    version = f"{prompt.VERSION} ({reader.VERSION})"
    uses_neighbors = True
    returns_sentences = True

    @property
    def decisive_settings(self) -> Mapping[str, Any]:
        """See `Processor`."""
        return self.settings.decisive_settings

    def process(self, task: Task, on_page: Callable[[], None]) -> ChunkResult:
        """See `Processor.process`."""
        refs = [ref for ref in (task.before, *task.pages, task.after) if ref is not None]
        pages = {page.number: page for page in reader.read(task.path, refs, keep_open=task.is_source)}
        send, coordinator = _connect(Credentials.from_environment(self.settings.secret), self.settings.request_timeout)
        executor = RequestExecutor(
            send,
            coordinator,
            task.answers,
            self.settings.secret,
            task.require_budget,
        )
        job = os.environ.get(environment.JOB_ENV)

        def report_page() -> None:
            on_page()
            if job:
                coordinator.report_progress(job, task.index, len(extraction.outcomes))

        extraction = Extraction(self.settings, task, pages, report_page, executor)
        rejected = coordinator.answers.rejected
        try:
            sentences = task.profile.joiner.segment(extraction.items(), extraction.notes)
        finally:
            if rejected := coordinator.answers.rejected - rejected:
                task.answers.record_rejected(rejected)
        extraction.require_success()
        return ChunkResult(extraction.outcomes, sentences, extraction.dropped_lines, extraction.unmapped_characters)


def gemini_processor(raw: Mapping[str, Any], secret: str) -> GeminiProcessor:
    """Return the processor with the settings of a job; see `GeminiSettings.parse`."""
    return GeminiProcessor(GeminiSettings.parse(raw, secret))


@cache
def _connect(credentials: Credentials, timeout: float) -> tuple[Send, Coordinator]:
    """Return the ways to the model and to other pods: once per process, because they remember what was sent."""
    from chunk_runner.processors.gemini.api.client import GeminiClient  # noqa: PLC0415 (loads the SDK, which takes long)

    limits = RateLimits(credentials.requests_per_minute, credentials.tokens_per_minute)
    if credentials.redis_url is None:
        coordinator = local_coordinator(limits)
    else:
        from chunk_runner.coordination.redis_coordinator import connect_redis  # noqa: PLC0415 (loads redis-py)

        coordinator = connect_redis(credentials.redis_url, credentials.key, limits, uuid.uuid4().hex)
    return GeminiClient(credentials, timeout).send, coordinator
