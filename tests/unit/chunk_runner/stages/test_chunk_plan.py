from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from chunk_runner.contract.job_spec import JobSpec
from chunk_runner.processors.base import Processor
from chunk_runner.processors.text import TextProcessor
from chunk_runner.source import Source
from chunk_runner.stages.chunk_plan import plan
from chunk_runner.workspace.manifest import Chunk


SOURCE = Source(Path("a.pdf"), "a.pdf", "ab" * 32, 1000)


def chunks(selected: list[int], *, neighbors: bool = False, source: Source = SOURCE, **spec: Any) -> list[Chunk]:
    processor = SimpleNamespace(name="p", version="1", decisive_settings={}, uses_neighbors=neighbors)
    job = JobSpec("a.pdf", **{"pages_per_chunk": 3} | spec)
    return list(plan(job, source, 20, selected, cast("Processor", processor), lost="", warnings=()).chunks)


def test_all_chunks_but_the_last_have_the_same_size() -> None:
    assert [it.page_range for it in chunks([*range(1, 9)])] == ["1-3", "4-6", "7-8"]
    assert [it.page_range for it in chunks([2, 3, 7, 9])] == ["2-3,7", "9"]


def test_only_selected_neighbors_are_read_as_context() -> None:
    planned = chunks([1, 2, 3, 4, 5, 6, 8], neighbors=True)

    assert [(it.before, it.after) for it in planned] == [(0, 4), (3, 0), (0, 0)]
    assert {(it.before, it.after) for it in chunks([1, 2, 3, 4])} == {(0, 0)}


@pytest.mark.parametrize(
    "change",
    [
        {"language": "fr"},
        {"running_lines": "keep"},
        {"format": "markdown"},
        {"source": Source(Path("a.pdf"), "a.pdf", "cd" * 32, 1000)},
        {"selected": [1, 2, 3, 4]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_result_is_used_again_only_where_nothing_that_it_depends_on_has_changed(change: dict[str, Any]) -> None:
    before, after = chunks([1, 2, 3]), chunks(**{"selected": [1, 2, 3]} | change)

    assert before[0].key != after[0].key


@pytest.mark.parametrize("change", [{"sha256": "ab" * 32}, {"path": "b.pdf"}, {"format": "jsonl"}])
def test_what_no_result_depends_on_makes_nothing_be_done_again(change: dict[str, Any]) -> None:
    one, other = (
        plan(spec, SOURCE, 3, [1, 2, 3], TextProcessor(), lost="", warnings=())
        for spec in (JobSpec("a.pdf"), JobSpec(**{"path": "a.pdf"} | change))
    )

    assert one.chunks == other.chunks
