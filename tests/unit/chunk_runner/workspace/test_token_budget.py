from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.stats import Tokens
from chunk_runner.errors import ChunkError
from chunk_runner.pdf.page import PageOutcome, PageState
from chunk_runner.processors.chunk_result import ChunkResult
from chunk_runner.workspace.file_names import TOKENS
from chunk_runner.workspace.files import Workspace
from chunk_runner.workspace.manifest import Chunk
from chunk_runner.workspace.results import write_result
from chunk_runner.workspace.token_budget import TokenBudget


CHUNKS = [Chunk(index=index, page_range=str(index + 1), key=f"key-{index}") for index in range(300)]


class CountingWorkspace(Workspace):
    """A workspace that counts how often the attempts of each chunk are read."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, "attempt")
        self.reads: Counter[int] = Counter()

    def attempts(self, index: int) -> list[dict[str, Any]]:
        self.reads[index] += 1
        return super().attempts(index)


@pytest.fixture
def workspace(tmp_path: Path) -> CountingWorkspace:
    return CountingWorkspace(tmp_path)


def spend(workspace: Workspace, index: int, tokens: int) -> None:
    workspace.append_attempt(index, {"event": "request", "tokens": asdict(Tokens(total=tokens))})


def finish(workspace: Workspace, index: int, reason: str | None = None) -> None:
    state = PageState.OK if reason is None else PageState.FAILED
    result = ChunkResult({index + 1: PageOutcome(state, reason)})
    write_result(workspace, CHUNKS[index], result, form="json", figures={})


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def budget(workspace: Workspace, index: int, limit: int, clock: Clock | None = None) -> TokenBudget:
    return TokenBudget(workspace, CHUNKS, index, limit, clock or Clock())


def test_all_chunks_count_whether_they_are_done_under_way_or_failed(workspace: Workspace) -> None:
    for index in (0, 1, 5, 40):
        spend(workspace, index, 10)
    finish(workspace, 0)
    for _ in range(2):  # the second time with what the first one kept
        budget(workspace, 7, limit=41).require()
        with pytest.raises(ChunkError, match="The job has used 40 tokens, and maxTotalTokens is 40") as caught:
            budget(workspace, 7, limit=40).require()

    assert caught.value.reason is Reason.TOKEN_BUDGET_REACHED


def test_what_the_chunk_itself_uses_counts_at_once_and_what_others_use_after_a_minute(workspace: Workspace) -> None:
    clock = Clock()
    one = budget(workspace, 0, 10, clock)
    one.require()
    spend(workspace, 1, 10)
    one.require()
    clock.now += 61
    with pytest.raises(ChunkError):
        one.require()

    two = budget(workspace, 2, 20, clock)
    two.require()
    spend(workspace, 2, 10)
    with pytest.raises(ChunkError):
        two.require()


def test_a_job_of_many_chunks_does_not_open_all_their_files_for_each(workspace: CountingWorkspace) -> None:
    for index in range(len(CHUNKS)):
        budget(workspace, index, 10**9).require()
        spend(workspace, index, 10)
        finish(workspace, index)

    # Once before and once after its result, and as one of the 64 that are looked for ahead.
    assert max(workspace.reads.values()) <= 64 + 2 + 1
    with pytest.raises(ChunkError, match="3,000 tokens"):
        budget(workspace, 299, 3000).require()


def test_what_a_chunk_uses_in_a_later_round_counts(tmp_path: Path) -> None:
    first, second = Workspace(tmp_path, "one", round_number=0), Workspace(tmp_path, "two", round_number=1)
    for index in (0, 1):
        spend(first, index, 10)
        finish(first, index, "OutputInvalid" if index else None)
    budget(first, 2, 21).require()

    spend(second, 1, 5)

    budget(second, 2, 26).require()
    with pytest.raises(ChunkError, match="25 tokens"):
        budget(second, 2, 25).require()


def test_a_chunk_whose_result_is_lost_counts_once(workspace: Workspace) -> None:
    spend(workspace, 0, 10)
    finish(workspace, 0)
    budget(workspace, 1, 11).require()
    (workspace.root / "results" / "00000.result").unlink()

    for limit in (11, 11):
        budget(workspace, 0, limit).require()
    with pytest.raises(ChunkError, match="used 10 tokens"):
        budget(workspace, 1, 10).require()


def test_a_sum_that_is_damaged_is_made_again(workspace: Workspace) -> None:
    spend(workspace, 0, 10)
    finish(workspace, 0)
    budget(workspace, 1, 11).require()
    (workspace.root / TOKENS).write_text("?")

    with pytest.raises(ChunkError):
        budget(workspace, 1, 10).require()
