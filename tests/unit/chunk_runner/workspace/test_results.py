from dataclasses import replace
from pathlib import Path

import pytest

from chunk_runner.contract.reasons import RETRYABLE, Reason
from chunk_runner.contract.report import Failure
from chunk_runner.output.pieces import render
from chunk_runner.pdf.page import PageOutcome, PageState
from chunk_runner.processors.chunk_result import ChunkResult
from chunk_runner.text.entries import Sentence
from chunk_runner.text.layout.line import Line, Start
from chunk_runner.text.sentences.joiner import ChunkSentences
from chunk_runner.workspace.file_names import result_file
from chunk_runner.workspace.files import Workspace
from chunk_runner.workspace.manifest import Chunk
from chunk_runner.workspace.results import has_result, read_result, write_result


CHUNK = Chunk(index=1, page_range="4-6", key="key")
OK, FAILED = PageState.OK, PageState.FAILED


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, "attempt")


def result(states: dict[int, PageState] | None = None, reasons: dict[int, str] | None = None) -> ChunkResult:
    outcomes = (states or {4: OK, 5: OK, 6: OK}).items()
    return ChunkResult({page: PageOutcome(state, (reasons or {}).get(page)) for page, state in outcomes})


def put(workspace: Workspace, it: ChunkResult, chunk: Chunk = CHUNK) -> None:
    write_result(workspace, chunk, it, form="json", figures={"seconds": 1.0, "peakMemoryBytes": 7})


def test_a_result_comes_back_as_it_was(workspace: Workspace) -> None:
    put(workspace, result({4: OK, 5: FAILED, 6: OK}, {5: "PageUnreadable"}))

    read = read_result(workspace, CHUNK)

    assert isinstance(read, ChunkResult)
    assert read.outcomes == {4: PageOutcome(OK), 5: PageOutcome(FAILED, "PageUnreadable"), 6: PageOutcome(OK)}
    assert read.peak_memory == 7


@pytest.mark.parametrize("flag", [True, False, Start.NOTHING, Start.PARAGRAPH, Start.ENTRY])
def test_the_open_lines_of_a_result_come_back_as_they_were(workspace: Workspace, flag: int) -> None:
    sentences = ChunkSentences(
        head=[Line(4, "One", flag)],
        is_closed=True,
        head_notes=[Sentence("A note.", 4, 4, flag is True)],
        entries=[Sentence("Two.", 4, 5, flag is True)],
        tail=[Line(6, "Three", 0, flag)],
        tail_notes=[Sentence("Another.", 6, 6)],
    )
    put(workspace, replace(result(), sentences=sentences))

    read = read_result(workspace, CHUNK)

    assert isinstance(read, ChunkResult)
    assert replace(read.sentences, entries=sentences.entries) == sentences
    assert read.piece == render(sentences.entries, "json")


def test_the_counts_of_a_result_come_back_with_it(workspace: Workspace) -> None:
    put(workspace, replace(result(), dropped_lines=4, unmapped_characters=9))

    read = read_result(workspace, CHUNK)

    assert isinstance(read, ChunkResult)
    assert (read.dropped_lines, read.unmapped_characters) == (4, 9)


def test_where_there_is_no_result_there_is_none(workspace: Workspace) -> None:
    assert not has_result(workspace, CHUNK)
    assert read_result(workspace, CHUNK) is None


def test_a_result_of_other_pages_or_settings_does_not_count(workspace: Workspace) -> None:
    put(workspace, result(), Chunk(index=1, page_range="4-6", key="another"))

    assert not has_result(workspace, CHUNK)
    assert read_result(workspace, CHUNK) == Failure(
        "ResultCorrupt", "results/00001.result is the result of other pages or settings."
    )


@pytest.mark.parametrize("keep", [-1, 70])
def test_a_torn_result_does_not_count(workspace: Workspace, keep: int) -> None:
    put(workspace, result())
    path = workspace.path(result_file(1))
    path.write_bytes(path.read_bytes()[:keep])

    assert not has_result(workspace, CHUNK)
    read = read_result(workspace, CHUNK)
    assert isinstance(read, Failure)
    assert read.reason == "ResultCorrupt"


@pytest.mark.parametrize("reason", Reason)
def test_a_page_that_a_model_failed_is_worth_another_attempt_and_a_file_is_not(reason: Reason) -> None:
    assert result({4: OK, 5: FAILED, 6: OK}, {5: reason}).is_retryable is (reason in RETRYABLE)


def test_only_the_reason_of_a_page_that_failed_counts() -> None:
    """Page 4 has the text of its text layer, since the model refused it; page 5 can be read by nobody."""
    states, reasons = {4: OK, 5: FAILED, 6: OK}, {4: "Recitation", 5: "PageUnreadable"}

    assert not result(states, reasons).is_retryable
    assert result(states, {5: "Recitation"}).is_retryable
    assert not result({4: OK, 5: OK, 6: OK}, {4: "Recitation"}).is_retryable


@pytest.mark.parametrize(("reason", "later"), [("Recitation", False), ("PageUnreadable", True)])
def test_a_result_worth_another_attempt_counts_in_its_own_round_only(
    workspace: Workspace, reason: str, *, later: bool
) -> None:
    put(workspace, result({4: OK, 5: FAILED, 6: OK}, {5: reason}))

    assert has_result(workspace, CHUNK)
    assert has_result(Workspace(workspace.root, "retry", round_number=1), CHUNK) is later
