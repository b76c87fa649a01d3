"""Everything that parses text from outside: how to call it, with which texts to begin, and what it may raise.

Each target takes any bytes. `test_fuzz` tries some with Hypothesis, `make fuzz` as many as there is time for, guided by
coverage.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from builders import SETTINGS, make_pdfjob
from chunk_runner import pod_environment
from chunk_runner.contract import environment, report_json
from chunk_runner.contract.job_spec import JobSpec
from chunk_runner.contract.limits import REPORT_LIMIT
from chunk_runner.contract.page_ranges import SelectionError, select
from chunk_runner.contract.ranges import parse_ranges
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure, Merged, Report, Volume
from chunk_runner.contract.stats import Histogram, Stats, Tokens
from chunk_runner.coordination.sealing import Seal
from chunk_runner.errors import ConfigurationError, StageError
from chunk_runner.pdf.page import Page, PageOutcome, PageRef, PageState
from chunk_runner.processors.chunk_result import ChunkResult
from chunk_runner.processors.gemini.answers.plausibility import require_plausible
from chunk_runner.processors.gemini.answers.sentences import parse_sentences
from chunk_runner.processors.gemini.answers.validation import InvalidResponseError
from chunk_runner.processors.gemini.api.credentials import Credentials
from chunk_runner.processors.gemini.prompt import SENTENCES
from chunk_runner.processors.gemini.settings import GeminiSettings
from chunk_runner.sandbox import messages
from chunk_runner.text.entries import Sentence
from chunk_runner.text.layout.line import Line
from chunk_runner.text.sentences.joiner import ChunkSentences
from chunk_runner.workspace.answer_store import WorkspaceAnswerStore, tokens_of
from chunk_runner.workspace.file_names import MANIFEST, answer_file, attempts_file, result_file
from chunk_runner.workspace.files import CorruptFileError, Workspace
from chunk_runner.workspace.manifest import Chunk, Manifest
from chunk_runner.workspace.results import has_result, read_result
from chunk_runner.workspace.stats_builder import OK, StatsBuilder
from pdfjob_operator.configuration.environment import SettingsError, load_settings
from pdfjob_operator.configuration.prices import Prices
from pdfjob_operator.objects.kubernetes import Manifest as KubernetesObject
from pdfjob_operator.objects.manifests.jobs import chunks_job, prepare_job
from pdfjob_operator.objects.stage_job import StageJob
from pdfjob_operator.objects.stage_pod import StagePod


@dataclass(frozen=True)
class Target:
    """A parser.

    Attributes:
        parse: Parses bytes; raises nothing but `documented`, and `AssertionError` if the result breaks a promise.
        documented: The exceptions that it documents.
        seeds: Texts that it accepts, or nearly.
    """

    parse: Callable[[bytes], object]
    documented: tuple[type[Exception], ...]
    seeds: tuple[bytes, ...]

    def try_(self, data: bytes) -> None:
        """Parse bytes, and let every exception through that is not documented."""
        with suppress(*self.documented):
            self.parse(data)


def _text(data: bytes) -> str:
    """Return any bytes as text that an environment variable or a Kubernetes object may hold."""
    return data.decode(errors="replace").replace("\0", "")


def _json(*values: Any) -> tuple[bytes, ...]:
    return tuple(json.dumps(value).encode() for value in values)


# Termination messages.

_MERGED = Merged(
    output="output.json",
    sha256="ab" * 32,
    bytes=10,
    sentences=3,
    failed=1,
    ledger={"ok": 3, "failed": 1},
    failed_pages="4",
    page_reasons={"PageUnreadable": "4"},
    failed_chunks=(),
    tokens=Tokens(1, 2, 3, 4, 10),
    memory=None,
    stats=Stats(Histogram.of([1.0], (1.0,)), Histogram(), Histogram()),
)


def _report(data: bytes) -> None:
    report = report_json.loads(_text(data))
    if report is not None:
        written = report_json.dumps(report)
        assert len(written.encode()) <= REPORT_LIMIT
        assert report_json.loads(written) is not None


# Files of the workspace, which everybody may write who can write to the volume: the checksum proves nothing.


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


# What a model answers, and the schema of an author.

_PAGES = ["The first page says this.", "The second page says something else."]


def _sentences(data: bytes) -> None:
    entries = parse_sentences(_text(data), SENTENCES, len(_PAGES))
    require_plausible(entries, _PAGES)


def _schema(data: bytes) -> None:
    GeminiSettings.parse({"name": "gemini", "prompt": "Summarize.", "outputSchema": _text(data)})


def _processor(data: bytes) -> None:
    GeminiSettings.parse({"name": "gemini", **_object(data)})


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(_text(data))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


# Environments: the first byte chooses the variable, the others are its value.

_RUNNER_VARIABLES: tuple[tuple[str, Callable[[dict[str, str]], object]], ...] = (
    (environment.ATTEMPT_ENV, pod_environment.attempt_name),
    (environment.ROUND_ENV, pod_environment.round_number),
    (environment.SPEC_ENV, pod_environment.job_spec),
    (environment.INDEX_ENV, pod_environment.chunk_index),
    (environment.CHUNKS_ENV, lambda env: pod_environment.chunk_index({environment.INDEX_ENV: "0", **env})),
    (environment.MORE_MEMORY_ENV, pod_environment.has_more_memory),
    (environment.UNFINISHED_ENV, pod_environment.unfinished_reason),
    (environment.OUT_OF_MEMORY_ENV, pod_environment.out_of_memory_chunks),
    (environment.LIVE_ENV, pod_environment.live_pdfjobs),
    (environment.BEFORE_ENV, pod_environment.sweep_before),
    (environment.MEMORY_ENV, pod_environment.memory_limit),
    (environment.REQUESTS_ENV, pod_environment.requests_per_minute),
    (environment.TOKENS_ENV, pod_environment.tokens_per_minute),
    ("GEMINI_API_KEY", lambda env: Credentials.from_environment(env=env)),
    *(
        (variable, lambda env: Credentials.from_environment(env={"GEMINI_API_KEY": "key", **env}))
        for variable in (environment.BASE_URL_ENV, environment.REQUESTS_ENV, environment.REDIS_URL_ENV)
    ),
)

_OPERATOR_VARIABLES = (
    "RUNNER_IMAGE", "RUNNER_IMAGE_PULL_POLICY", "RUNNER_IMAGE_PULL_SECRETS", "POD_LABELS", "RUNNER_RESOURCES",
    "RUNNER_MAX_MEMORY", "WATCH_NAMESPACES", "WORKSPACE_CLAIM", "WORKSPACE_RETENTION_SECONDS", "RESYNC_PERIOD_SECONDS",
    "GEMINI_BASE_URL", "GEMINI_REQUESTS_PER_MINUTE", "REDIS_URL", "REDIS_URL_SECRET", "PRICES", "LEASE", "HEALTH_PORT",
)  # fmt: skip


def _for_each(values: Iterable[bytes], count: int) -> tuple[bytes, ...]:
    """Return seeds: each value for each of so many variables."""
    return tuple(bytes([number]) + value for value in values for number in range(count))


def _runner_environment(data: bytes) -> None:
    variable, read = _RUNNER_VARIABLES[(data or b"\0")[0] % len(_RUNNER_VARIABLES)]
    read({variable: _text(data[1:])})


def _operator_environment(data: bytes) -> None:
    variable = _OPERATOR_VARIABLES[(data or b"\0")[0] % len(_OPERATOR_VARIABLES)]
    settings = load_settings({"PDFJOB_RUNNER_IMAGE": "runner", f"PDFJOB_{variable}": _text(data[1:])})
    prepare_job(make_pdfjob(), settings, seconds=60, doublings=1)


# Jobs and pods: the API server checks types, and anyone who may edit an object writes the texts.


def _with_text(manifest: KubernetesObject, text: str) -> Iterable[KubernetesObject]:
    """Yield the object once for each of its labels, annotations and indexes, with this text in place of it."""
    metadata = {"creationTimestamp": "2026-11-23T12:00:00Z", "uid": "u", "name": "n", **manifest["metadata"]}
    for kind in ("labels", "annotations"):
        for name in metadata[kind]:
            changed = {**metadata, kind: {**metadata[kind], name: text}}
            yield {**manifest, "metadata": changed, "status": {}}
    for name in ("completedIndexes", "failedIndexes"):
        yield {**manifest, "metadata": metadata, "status": {name: text}}


@cache
def _chunks_job() -> KubernetesObject:
    return chunks_job(make_pdfjob(), SETTINGS, total=4, pages=120, seconds=60, chunks="0-3")


def _job(data: bytes) -> None:
    for manifest in _with_text(_chunks_job(), _text(data)):
        job = StageJob.parse(manifest)
        assert job is None or job.failed + job.succeeded >= 0


def _pod(data: bytes) -> None:
    pod = _chunks_job()["spec"]["template"]
    for manifest in _with_text({"metadata": pod["metadata"], "spec": {}}, _text(data)):
        state = {"terminated": {"exitCode": 0, "message": _text(data), "reason": _text(data)}}
        StagePod.parse({**manifest, "status": {"containerStatuses": [{"state": state}]}})


# Redis, and the sandbox.


def _sealed(data: bytes) -> None:
    assert Seal("key").open("name", data) is None


def _message(data: bytes) -> None:
    messages.Reader(Page).read(data)


TARGETS = {
    "report": Target(
        _report,
        (),
        tuple(
            report_json.dumps(report).encode()
            for report in (
                Report(pages=3, chunks=2, todo="0-1", warnings=("A warning.",), volume=Volume(2, 1)),
                Report(failure=Failure(Reason.CRASHED, "It crashed.")),
                Report(merged=_MERGED),
            )
        ),
    ),
    "specification": Target(
        lambda data: JobSpec.loads(_text(data)), (ValueError,), (JobSpec(path="a.pdf", pages="1-3").dumps().encode(),)
    ),
    "ranges": Target(lambda data: parse_ranges(_text(data)), (ValueError,), (b"0-3,7", b"1,2,9-9")),
    "pages": Target(lambda data: select(_text(data), 100), (SelectionError,), (b"1-20,30-", b"-7, 9")),
    "manifest": Target(_manifest, (CorruptFileError,), (_manifest_seed(),)),
    "result": Target(_result, (), (_result_seed(),)),
    "answer file": Target(_answer_file, (), _json({"answer": "text"})),
    "attempts": Target(
        _attempts,
        (),
        _json(
            {"attempt": "a", "round": 0, "event": "started", "waited": 1.5},
            {"attempt": "a", "round": 0, "event": "request", "outcome": "ok", "tokens": asdict(Tokens(1, 2, 3, 0, 6))},
            {"attempt": "a", "round": 0, "event": "ok", "seconds": 2.5, "peakMemoryBytes": 1000, "reason": "Crashed"},
        ),
    ),
    "answer": Target(
        _sentences,
        (InvalidResponseError,),
        _json(
            {"sentences": [{"page": 1, "text": _PAGES[0]}, {"page": 2, "text": _PAGES[1]}]},
            {"sentences": []},
        ),
    ),
    "schema": Target(
        _schema,
        (ConfigurationError,),
        _json(
            {"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "pattern": "^a+$"}}},
            {"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/a"}]}}},
        ),
    ),
    "processor": Target(
        _processor,
        (ConfigurationError,),
        _json({"model": "m", "input": "pdf", "prompt": "p", "maxOutputTokens": 100, "requestTimeoutSeconds": 60}),
    ),
    "runner's environment": Target(
        _runner_environment,
        (StageError,),
        _for_each(
            (b"0", b"true", b"0-3", b"0a1b2c3d,00000000", b"https://host", JobSpec("a.pdf").dumps().encode()),
            len(_RUNNER_VARIABLES),
        ),
    ),
    "operator's environment": Target(
        _operator_environment,
        (SettingsError,),
        _for_each(
            (
                b"4Gi",
                b"name/key",
                b"https://host",
                *_json({"a": "b"}, {"limits": {"memory": "1Gi"}}, {"models": {"m": {"input": 1, "output": 2.5}}}),
            ),
            len(_OPERATOR_VARIABLES),
        ),
    ),
    "prices": Target(
        lambda data: Prices.parse(_text(data)), (ValueError,), _json({"models": {"m": {"input": 1, "output": 2.5}}})
    ),
    "job": Target(_job, (), (b"chunks", b"0-3", b"7", b"0")),
    "pod": Target(_pod, (), (report_json.dumps(Report(pages=3)).encode(), b"prepare")),
    "sealed answer": Target(_sealed, (), (Seal("other").close("name", b"answer"),)),
    "message": Target(
        _message,
        (messages.InvalidMessageError,),
        (messages.item(Page(PageRef(1, 1), PageState.OK, ["a"])), messages.error(StageError(Reason.CRASHED, "x"))),
    ),
}
