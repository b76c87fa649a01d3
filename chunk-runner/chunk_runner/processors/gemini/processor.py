"""The processor that asks Gemini: sentences, or whatever the job's prompt and schema ask for."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from chunk_runner.contract import environment
from chunk_runner.pdf import reader as pdf
from chunk_runner.processors.base import ChunkResult, Task
from chunk_runner.processors.gemini import prompt
from chunk_runner.processors.gemini.credentials import Access
from chunk_runner.processors.gemini.executor import Ask, Buyer
from chunk_runner.processors.gemini.extraction import Asking
from chunk_runner.processors.gemini.settings import GeminiSettings
from chunk_runner.rate_limit.limiter import Shared, shared


@dataclass(frozen=True)
class GeminiProcessor:
    """Asks Gemini about each chunk."""

    settings: GeminiSettings
    name = "gemini"
    version = f"{prompt.VERSION} ({pdf.VERSION})"
    wants_neighbours = True
    gives_whole_sentences = True

    @property
    def decisive(self) -> Mapping[str, Any]:
        """See `Processor`."""
        return self.settings.decisive

    def process(self, task: Task, on_page: Callable[[], None]) -> ChunkResult:
        """See `Processor.process`."""
        places = [place for place in (task.before, *task.places, task.after) if place]
        found = dict(zip(places, pdf.read(task.path, places, keep_open=task.shared), strict=True))
        buyer = self._buyer(task)
        job = os.environ.get(environment.JOB_ENV)

        def done() -> None:
            on_page()
            if job:
                buyer.shared.progress(job, task.index, len(chunk.result.states))

        chunk = Asking(self.settings, task, found, done, buyer)
        chunk.result.segments = task.decisions.joiner.segment(chunk.stream())
        chunk.require_anything()
        return chunk.result

    def _buyer(self, task: Task) -> Buyer:
        access = Access.from_environment(self.settings.secret)
        ask, others = _service(access, self.settings.request_timeout)
        assert task.answers is not None  # noqa: S101 (the chunks stage always sets it)
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
