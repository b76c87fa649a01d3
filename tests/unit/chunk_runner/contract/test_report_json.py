import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import make_merged
from chunk_runner.contract import report_json
from chunk_runner.contract.job_spec import OUTPUTS
from chunk_runner.contract.limits import CHUNKS_LIMIT, REPORT_LIMIT, WARNINGS_LIMIT, shorten
from chunk_runner.contract.ranges import format_ranges
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import FailedChunk, Failure, Memory, Merged, Report, Volume
from chunk_runner.contract.stats import BYTES, SECONDS, Histogram, Stats, Tokens


failed_chunks = st.builds(FailedChunk, st.integers(0, 9999), st.text(max_size=30), st.text(max_size=40), st.text())
reasons = st.sampled_from(Reason).map(str)
counts = st.dictionaries(st.text(max_size=70), st.integers(0, 10**9), max_size=30)


def histograms(bounds: tuple[float, ...]) -> st.SearchStrategy[Histogram]:
    return st.lists(st.floats(0, 10**12), max_size=20).map(lambda values: Histogram.of(values, bounds))


stats = st.builds(
    Stats, histograms(SECONDS), histograms(SECONDS), histograms(BYTES), counts, counts, counts,
    st.builds(Tokens, *[st.integers(0, 10**9)] * 5),
)  # fmt: skip
reports = st.builds(
    lambda pages, share, warnings, merged, failure: Report(
        pages=pages, chunks=pages and min(pages, share), warnings=warnings, merged=merged, failure=failure
    ),
    pages=st.none() | st.integers(1, 10**6),
    share=st.integers(1, 100_000),
    warnings=st.lists(st.text(max_size=400), max_size=WARNINGS_LIMIT).map(tuple),
    merged=st.none()
    | st.builds(
        Merged,
        output=st.none() | st.sampled_from(sorted(OUTPUTS.values())),
        sha256=st.just("ab" * 32),
        bytes=st.integers(0, 10**12),
        sentences=st.integers(0, 10**9),
        answers=st.integers(0, 10**9),
        dropped_lines=st.integers(0, 10**9),
        unmapped_characters=st.integers(0, 10**9),
        failed=st.integers(0, CHUNKS_LIMIT),
        ledger=st.dictionaries(st.sampled_from(["ok", "failed"]), st.integers(0, 10**6)),
        failed_pages=st.text(max_size=5000),
        page_reasons=st.dictionaries(reasons, st.text(max_size=500), max_size=5),
        failed_chunks=st.lists(failed_chunks, max_size=20).map(tuple),
        tokens=st.builds(Tokens, *[st.integers(0, 10**9)] * 5),
        memory=st.none()
        | st.builds(Memory, st.integers(0, 10**9), st.integers(0, CHUNKS_LIMIT), st.integers(0, 10**9)),
        stats=st.none() | stats,
    ),
    failure=st.none() | st.builds(Failure, reasons, st.text(max_size=300).map(shorten)),
)


@given(reports)
def test_a_report_fits_a_termination_message_whatever_it_says(report: Report) -> None:
    text = report_json.dumps(report)

    assert len(text.encode()) <= REPORT_LIMIT
    read = report_json.loads(text)
    assert read is not None
    assert (read.pages, read.chunks, read.failure) == (report.pages, report.chunks, report.failure)
    if report.merged is not None:
        assert read.merged is not None
        assert (read.merged.sha256, read.merged.failed) == (report.merged.sha256, report.merged.failed)


def test_figures_that_no_message_has_room_for_are_left_out() -> None:
    histogram, words = Histogram.of([], SECONDS), {str(number) * 35: 1 for number in range(10, 40)}
    big = Stats(histogram, histogram, Histogram.of([], BYTES), words, words, words)
    report = Report(pages=9, chunks=9, merged=make_merged(stats=big))

    read = report_json.loads(report_json.dumps(report))

    assert len(report_json.dumps(report).encode()) <= REPORT_LIMIT
    assert read == replace(report, merged=make_merged())


@pytest.mark.parametrize("text", ["x" * 4000, "é" * 4000], ids=["long", "long and not ASCII"])
def test_whatever_comes_from_a_volume_is_made_to_fit(text: str) -> None:
    failed = tuple(FailedChunk(index, text, text, text) for index in range(20))
    merged = make_merged(failed_pages=text, failed_chunks=failed, page_reasons={f"{it}{text}": text for it in range(9)})

    assert len(report_json.dumps(Report(merged=merged, failure=Failure("Crashed", text))).encode()) <= REPORT_LIMIT


@pytest.mark.parametrize("spoilt", ["stats", "memory"])
def test_no_job_fails_for_its_figures(spoilt: str) -> None:
    """They may be of another version, with other buckets, or of a volume without an end."""
    merged = make_merged(stats=Stats(Histogram.of([], SECONDS), Histogram.of([], SECONDS), Histogram.of([], BYTES)))
    raw = json.loads(report_json.dumps(Report(pages=9, chunks=3, merged=merged, volume=Volume(2**63, 2**63))))
    raw["merged"][spoilt] = {"seconds": {"counts": [1], "total": 1e999}}

    read = report_json.loads(json.dumps(raw))

    left: dict[str, Any] = {spoilt: None}
    assert read == Report(pages=9, chunks=3, merged=replace(merged, **left))


def test_chunks_that_are_too_many_to_name_are_not_named() -> None:
    few, many = format_ranges(range(0, 900, 2)), format_ranges(range(0, 9000, 2))

    short = report_json.loads(report_json.dumps(Report(pages=9000, chunks=9000, todo=few)))
    long = report_json.loads(report_json.dumps(Report(pages=9000, chunks=9000, todo=many)))

    assert short is not None
    assert long is not None
    assert (short.todo, long.todo) == (few, None)


@pytest.mark.parametrize("todo", ["0-9", "3,1", "x", 7])
def test_a_report_that_names_chunks_which_are_not_there_is_not_believed(todo: object) -> None:
    raw = json.loads(report_json.dumps(Report(pages=9, chunks=9))) | {"todo": todo}

    assert report_json.loads(json.dumps(raw)) is None


def test_a_short_report_comes_back_as_it_was() -> None:
    failed = FailedChunk(2, "61-90", "Crashed", "It died.")
    merged = Merged(
        output="output.jsonl",
        sha256="ab",
        bytes=10,
        sentences=5,
        failed=1,
        ledger={"ok": 58, "failed": 32},
        failed_pages="7,12,61-90",
        page_reasons={"PageUnreadable": "7,12"},
        failed_chunks=(failed,),
        dropped_lines=12,
        unmapped_characters=7,
        tokens=Tokens(1, 2, 3, 4, 5),
    )
    report = Report(pages=90, chunks=3, warnings=("It was repaired.",), merged=merged)

    assert report_json.loads(report_json.dumps(report)) == report


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def report(**changes: object) -> str:
    """A good report of an earlier version but for these fields, some of them of `merged`."""
    merged: dict[str, object] = {
        "output": "output.json",
        "page_reasons": {},
        "sha256": "ab" * 32,
        "bytes": 1,
        "sentences": 1,
        "failed": 0,
        "ledger": {"ok": 1},
        "failed_pages": "",
        "failed_chunks": [],
        "tokens": {"prompt": 0, "output": 0, "thoughts": 0, "cached": 0, "total": 0},
    }
    names = {field.name for field in fields(Merged)}
    outer = {key: changes.pop(key) for key in list(changes) if key not in names}
    return json.dumps({"pages": 9, "chunks": 3, "merged": merged | changes, "failure": None} | outer)


def test_a_report_of_an_earlier_version_counts_nothing_that_it_did_not_know() -> None:
    read = report_json.loads(report())

    assert read is not None
    assert read.merged is not None
    assert (read.merged.dropped_lines, read.merged.unmapped_characters) == (0, 0)


def test_a_report_of_a_later_version_is_understood() -> None:
    assert report_json.loads(report()) is not None
    assert report_json.loads(report(news="of a later version")) == report_json.loads(report())


@pytest.mark.parametrize(
    "text",
    [
        report(chunks=10),
        report(chunks=0),
        report(pages=10**9, chunks=10**9),
        report(pages=-1),
        report(bytes=float("inf")),
        report(failed=-5),
        report(output="../../other/output.json"),
        report(sha256={"a": 1}),
        report(sha256=["a", "b"]),
        report(pages=True, chunks=True),
        report(bytes=True),
        report(bytes=1.0),
        report(bytes="1"),
        report(bytes=2**53),
        report(dropped_lines=-1),
        report(dropped_lines="12"),
        report(dropped_lines=2**53),
        report(unmapped_characters=True),
        report(unmapped_characters=None),
        report(output=["output.json"]),
        report(todo=[]),
        report(todo="٣"),
        report(todo=False),
        report(failed_chunks=[{"index": 0, "pages": ["1"], "reason": "Crashed", "message": "x"}]),
        report(failed_chunks=[{"index": -1, "pages": "1", "reason": "Crashed", "message": "x"}]),
        report(failed_chunks=[{"index": 0, "pages": "1", "reason": None, "message": "x"}]),
        report(failed_chunks="x"),
        report(failure={"reason": "Crashed", "message": ["x"]}),
        report(failure=["Crashed"]),
        report(ledger=[["ok", 1]]),
        report(ledger={"ok": "1"}),
        report(tokens={"prompt": 1}),
        report(sha256="$(rm -rf)"),
        report(warnings=7),
        report(warnings=[7]),
        report(page_reasons="7,12"),
        report(page_reasons={"PageUnreadable": 7}),
        "[" * 4000,
    ],
)
def test_a_forged_report_is_none(text: str) -> None:
    assert report_json.loads(text) is None


def test_a_forged_reason_cannot_break_a_status() -> None:
    forged = report_json.loads(report(failure={"reason": "x" * 2000, "message": "y\n" * 2000}))

    assert forged is not None
    assert forged.failure is not None
    assert forged.failure.reason == "UnexpectedError"
    assert len(forged.failure.message) <= 300


def test_what_a_forged_report_says_too_much_of_is_cut() -> None:
    forged = report_json.loads(
        report(
            warnings=["x" * 2000] * 100,
            page_reasons={f"Reason{'x' * it}": "1," * 2000 for it in range(100)},
            ledger={f"state {number}": 1 for number in range(1000)},
        )
    )

    assert forged is not None
    assert forged.merged is not None
    assert (len(forged.warnings), len(forged.merged.page_reasons), len(forged.merged.ledger)) == (5, 5, 20)
    assert max(map(len, (*forged.warnings, *forged.merged.page_reasons.values()))) <= 300


@given(st.one_of(st.text(), json_values.map(json.dumps)))
def test_any_other_termination_message_is_no_report(text: str) -> None:
    assert report_json.loads(text) is None
