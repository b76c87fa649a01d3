from hypothesis import given
from hypothesis import strategies as st

from chunk_runner.contract.number_set import NumberSet
from chunk_runner.contract.report import Failure
from pdfjob_operator.planning.merge_input import MergeInput
from pdfjob_operator.planning.progress import Progress


failures = st.none() | st.builds(Failure, st.sampled_from(["Crashed", "NotAPdf"]), st.sampled_from(["", "It died."]))
inputs = st.builds(
    MergeInput,
    progress=st.builds(
        Progress,
        pages=st.none() | st.integers(1, 10**6),
        total=st.none() | st.integers(1, 100_000),
        succeeded=st.integers(0, 100_000),
        failed=st.integers(0, 100_000),
    ),
    unfinished_reason=st.none() | st.just("DeadlineExceeded"),
    unfinished_message=st.sampled_from(["", "Permission denied."]),
    completed=st.sampled_from(["", NumberSet([0, 99_999]).dumps()]),
    out_of_memory_chunks=st.sampled_from(["", "1,3-5"]),
    prior_failure=failures,
    retry_failure=failures,
)


@given(inputs)
def test_what_is_written_on_a_merge_job_is_read_again(merge_input: MergeInput) -> None:
    assert MergeInput.loads(merge_input.dumps()) == merge_input


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(str))
def test_what_somebody_else_wrote_is_an_empty_input(text: str) -> None:
    assert MergeInput.loads(text) == MergeInput()


@given(
    st.sampled_from(["pages", "total", "unfinishedReason", "completed", "outOfMemory", "priorFailure"]), st.integers()
)
def test_a_forged_field_breaks_nothing(name: str, value: int) -> None:
    MergeInput.loads(f'{{"{name}": {value}}}')
