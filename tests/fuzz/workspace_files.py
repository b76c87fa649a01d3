"""Files of the workspace, which everybody may write who can write to the volume: the checksum proves nothing."""

from __future__ import annotations

import atexit
import hashlib
import json
import shutil
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure
from chunk_runner.contract.stats import Stats, Tokens
from chunk_runner.pdf.page import PageOutcome, PageState
from chunk_runner.processors.chunk_result import ChunkResult
from chunk_runner.text.entries import Sentence
from chunk_runner.text.layout.line import Line
from chunk_runner.text.sentences.joiner import ChunkSentences
from chunk_runner.workspace.answer_store import WorkspaceAnswerStore, tokens_of
from chunk_runner.workspace.file_names import MANIFEST, answer_file, attempts_file, result_file
from chunk_runner.workspace.files import CorruptFileError, Workspace
from chunk_runner.workspace.manifest import Chunk, Manifest
from chunk_runner.workspace.results import has_result, read_result
from chunk_runner.workspace.stats_builder import OK, StatsBuilder
from fuzz.target import Target, json_seeds


@cache
def _workspace() -> Workspace:
    folder = mkdtemp(prefix="pdfjob-fuzz-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Workspace(Path(folder), "fuzz")


def _write(name: str, data: bytes, *, with_checksum: bool = True) -> Workspace:
    path = _workspace().path(name)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(hashlib.sha256(data).hexdigest().encode() + b"\n" + data if with_checksum else data)
    return _workspace()


_CHUNK = Chunk(0, "1-3", "key")


def _manifest(data: bytes) -> None:
    manifest = Manifest.read(_write(MANIFEST, data))
    assert manifest.pages >= 0
    assert manifest.selected_pages >= 0
    assert all(isinstance(chunk.pages, list) for chunk in manifest.chunks)


def result_of(data: bytes) -> ChunkResult | Failure | None:
    """Return what is read of these bytes as a result."""
    return read_result(_write(result_file(0), data), _CHUNK)


def _result(data: bytes) -> None:
    result = result_of(data)
    assert has_result(_workspace(), _CHUNK) in (True, False)
    if isinstance(result, ChunkResult):
        assert all(isinstance(page, int) for page in result.outcomes)
        assert isinstance(result.pages_by_reason(), dict)


def _answer_file(data: bytes) -> None:
    workspace = _write(answer_file("key"), data)
    assert isinstance(WorkspaceAnswerStore(workspace, 0).get("key"), str | None)


def _attempts(data: bytes) -> None:
    records = _write(attempts_file(0), data, with_checksum=False).attempts(0)
    stats = StatsBuilder(0)
    stats.add_chunk(records, OK, [PageState.OK])
    assert Stats.load(json.loads(json.dumps(stats.build().dump())))
    assert tokens_of(records).total >= 0


def _manifest_seed() -> bytes:
    manifest = Manifest(
        source={"name": "a.pdf", "sha256": "ab" * 32, "bytes": 1, "pages": 3},
        processor={"name": "text", "version": "1"},
        settings={"name": "text"},
        form="json",
        selected="1-3",
        lost="",
        warnings=("A warning.",),
        chunks=(_CHUNK, replace(_CHUNK, index=1, failure=Failure(Reason.CRASHED, "It crashed."))),
    )
    manifest.write(_workspace())
    return _workspace().path(MANIFEST).read_bytes().partition(b"\n")[2]


def _result_seed() -> bytes:
    outcomes = {1: PageOutcome(PageState.OK), 2: PageOutcome(PageState.FAILED, Reason.PAGE_UNREADABLE)}
    sentences = ChunkSentences(
        head=[Line(1, "One.", starts=True)], is_closed=True, entries=[Sentence("Two.", 1, 1)], tail=[Line(2, "Three")]
    )
    content, body = ChunkResult(outcomes, sentences).dump("json")
    return json.dumps({"key": "key", "round": 0, "index": 0, "figures": {}, **content}).encode() + b"\n" + body


TARGETS = {
    "manifest": Target(_manifest, (CorruptFileError,), (_manifest_seed(),)),
    "result": Target(_result, (), (_result_seed(),)),
    "answer file": Target(_answer_file, (), json_seeds({"answer": "text"})),
    "attempts": Target(
        _attempts,
        (),
        json_seeds(
            {"attempt": "a", "round": 0, "event": "started", "waited": 1.5},
            {"attempt": "a", "round": 0, "event": "request", "outcome": "ok", "tokens": asdict(Tokens(1, 2, 3, 0, 6))},
            {"attempt": "a", "round": 0, "event": "ok", "seconds": 2.5, "peakMemoryBytes": 1000, "reason": "Crashed"},
        ),
    ),
}
