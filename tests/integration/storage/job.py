"""A job of three chunks, prepared without a PDF library, whose pages are read by a model that counts what it is paid.

Its stages are those of the chunk runner. Between them stands a plain Kubernetes, which tries a stage again.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure, Report
from chunk_runner.contract.stats import Tokens
from chunk_runner.pdf.page import PageOutcome, PageState
from chunk_runner.processors.base import Task
from chunk_runner.processors.chunk_result import ChunkResult
from chunk_runner.stages import process as process_stage
from chunk_runner.stages.merge import merge
from chunk_runner.stages.process import process
from chunk_runner.text.entries import Sentence
from chunk_runner.text.sentences.joiner import ChunkSentences
from chunk_runner.workspace.file_names import chunk_file
from chunk_runner.workspace.files import Workspace
from chunk_runner.workspace.job_state import manifest_or_report
from chunk_runner.workspace.manifest import Chunk, Manifest
from chunk_runner.workspace.results import has_result


PAGES = 6
CHUNKS = 3
COST = Tokens(prompt=100, output=10, total=110)
KILLED = Failure("Crashed", "The pods of this chunk ended without a result or a reason.")


@dataclass
class Model:
    """A model, and the processor that asks it.

    Attributes:
        bought: How often the answer for each page was bought.
        kept: Pages whose answer the workspace has acknowledged.
        lost: Pages whose answer was kept, and is bought again.
        acknowledge: Told of each answer that is kept.
        text: Its answer for each page, before the number of the page.
    """

    bought: Counter[int] = field(default_factory=Counter)
    kept: set[int] = field(default_factory=set)
    lost: list[int] = field(default_factory=list)
    acknowledge: Callable[[str, int], object] = lambda _what, _number: None
    text: str = "Text of page "

    def process(self, task: Task, _on_page: Callable[[], None]) -> ChunkResult:
        pages = [ref.number for ref in task.pages]
        entries = [Sentence(self._answer(task, page), page, page) for page in pages]
        outcomes = {page: PageOutcome(PageState.OK) for page in pages}
        return ChunkResult(outcomes, ChunkSentences(is_closed=True, entries=[*entries]))

    def _answer(self, task: Task, page: int) -> str:
        key = f"page-{page}"
        if (known := task.answers.get(key)) is not None:
            return known
        if page in self.kept:
            self.lost.append(page)
        task.require_budget()
        self.bought[page] += 1
        try:
            task.answers.put(key, f"{self.text}{page}.")
            self.kept.add(page)
            self.acknowledge("kept", page)
        finally:
            task.answers.record_usage(COST, "ok")
            self.acknowledge("counted", page)
        return f"{self.text}{page}."


@contextmanager
def asked(model: Model) -> Iterator[None]:
    """Have chunks processed by this model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process_stage, "processor_for", lambda *_: model)
        yield


def prepare(workspace: Workspace) -> None:
    """Write the chunks without a result, and then the manifest, as the prepare stage does."""
    found = manifest_or_report(workspace, is_prepared=False)
    if isinstance(found, Report):
        return
    chunks = [Chunk(index, f"{2 * index + 1}-{2 * index + 2}", f"key-{index}") for index in range(CHUNKS)]
    for index, chunk in enumerate(chunks):
        if has_result(workspace, chunk):
            continue
        pdf = f"%PDF chunk {index}".encode()
        with workspace.replacing(chunk_file(index)) as file:
            file.write(pdf)
        sha256 = hashlib.sha256(pdf).hexdigest()
        chunks[index] = Chunk(chunk.index, chunk.page_range, chunk.key, sha256=sha256, bytes=len(pdf))
    Manifest(
        source={"name": "book.pdf", "sha256": "ab" * 32, "bytes": 1000, "pages": PAGES},
        processor={"name": "model", "version": "1"},
        settings={"name": "model"},
        form="json",
        selected=f"1-{PAGES}",
        lost="",
        warnings=(),
        chunks=tuple(chunks),
    ).write(workspace)


def process_chunk(workspace: Workspace, index: int) -> None:
    """Process a chunk, as the process command does."""
    manifest = manifest_or_report(workspace, is_prepared=True)
    if isinstance(manifest, Manifest):
        process(manifest, index, workspace)


def merge_all(workspace: Workspace) -> Report:
    """Merge the job, whose chunks have all completed."""
    return merge(workspace, KILLED, completed=range(CHUNKS))


def stages() -> Mapping[str, Callable[[Workspace], object]]:
    """The stages of the job in order, by name."""
    chunks = {
        f"chunk {index}": (lambda workspace, index=index: process_chunk(workspace, index)) for index in range(CHUNKS)
    }
    return {"prepare": prepare, **chunks, "merge": merge_all}


def result_with_failed_pages(chunk: Chunk) -> ChunkResult:
    """A result of a chunk whose pages the model has not answered, which another attempt may recover."""
    failed = PageOutcome(PageState.FAILED, Reason.MODEL_UNAVAILABLE)
    return ChunkResult(dict.fromkeys(chunk.pages, failed), ChunkSentences(is_closed=True, entries=[]))


def assert_complete(root: Path, report: Report) -> None:
    """The output has every page once, and its checksum is the one in the report."""
    merged = report.merged
    assert merged is not None
    assert (merged.failed, merged.ledger["ok"], merged.output) == (0, PAGES, "output.json")
    output = (root / "output.json").read_bytes()
    assert hashlib.sha256(output).hexdigest() == merged.sha256
    found: dict[str, Any] = json.loads(output)
    assert [it["text"] for it in found["sentences"]] == [f"Text of page {page}." for page in range(1, PAGES + 1)]
