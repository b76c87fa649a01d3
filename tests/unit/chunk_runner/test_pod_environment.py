from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from chunk_runner import pod_environment
from chunk_runner.contract.job_spec import JobSpec
from chunk_runner.contract.limits import CHUNKS_LIMIT
from chunk_runner.contract.live_pdfjobs import LivePdfJobs
from chunk_runner.contract.number_set import NumberSet
from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import ConfigurationError, UsageError


Reader = Callable[[Mapping[str, str]], Any]

NUMBERS: dict[str, tuple[Reader, int]] = {
    "PDFJOB_ROUND": (pod_environment.round_number, 0),
    "JOB_COMPLETION_INDEX": (pod_environment.chunk_index, 0),
    "PDFJOB_BEFORE": (pod_environment.sweep_before, 0),
    "PDFJOB_CACHE_SECONDS": (pod_environment.cache_seconds, 0),
    "PDFJOB_MEMORY_LIMIT": (pod_environment.memory_limit, 1),
    "PDFJOB_GEMINI_REQUESTS_PER_MINUTE": (pod_environment.requests_per_minute, 1),
    "PDFJOB_GEMINI_TOKENS_PER_MINUTE": (pod_environment.tokens_per_minute, 1),
}
"""For each variable that holds a number: how it is read, and the least that it may be."""

NO_NUMBERS = [
    "x",
    "-1",
    "+1",
    "1.0",
    "1e3",
    " 1",
    "1 ",
    "1_0",
    "0x1",
    "٣",
    "²",
    "Ⅻ",
    "NaN",
    "true",
    str(2**53),
    "9" * 5000,
]


@pytest.mark.parametrize("variable", NUMBERS)
@pytest.mark.parametrize("text", NO_NUMBERS, ids=lambda text: text[:9])
def test_what_is_no_number_is_refused_in_one_sentence_that_names_the_variable(variable: str, text: str) -> None:
    read, least = NUMBERS[variable]

    with pytest.raises(UsageError) as caught:
        read({variable: text})

    assert caught.value.message.startswith(f"{variable} is “")
    assert caught.value.message.endswith(f"a whole number, {least} or more.")
    assert caught.value.reason is Reason.CONFIGURATION_ERROR


@pytest.mark.parametrize("variable", NUMBERS)
@pytest.mark.parametrize("above", [0, 7, 2**53 - 2])
def test_a_number_is_read(variable: str, above: int) -> None:
    read, least = NUMBERS[variable]

    assert read({variable: str(least + above)}) == least + above


@pytest.mark.parametrize(
    "variable", ["PDFJOB_MEMORY_LIMIT", "PDFJOB_GEMINI_REQUESTS_PER_MINUTE", "PDFJOB_GEMINI_TOKENS_PER_MINUTE"]
)
def test_a_limit_of_zero_is_none(variable: str) -> None:
    with pytest.raises(UsageError, match=variable):
        NUMBERS[variable][0]({variable: "0"})


@pytest.mark.parametrize("env", [{}, dict.fromkeys(NUMBERS, "")], ids=["not set", "empty"])
def test_what_is_not_set_has_a_default_or_is_said_to_be_missing(env: dict[str, str]) -> None:
    assert pod_environment.round_number(env) == 0
    assert pod_environment.memory_limit(env) is None
    assert pod_environment.requests_per_minute(env) is None
    assert pod_environment.tokens_per_minute(env) is None
    with pytest.raises(UsageError, match="JOB_COMPLETION_INDEX is not set"):
        pod_environment.chunk_index(env)
    with pytest.raises(UsageError, match="PDFJOB_BEFORE is not set"):
        pod_environment.sweep_before(env)


@pytest.mark.parametrize(("index", "chunks", "chunk"), [("3", None, 3), ("0", "2,5-7", 2), ("3", "2,5-7", 7)])
def test_in_a_round_of_some_chunks_the_index_selects_one_of_them(index: str, chunks: str | None, chunk: int) -> None:
    env = {"JOB_COMPLETION_INDEX": index} | ({} if chunks is None else {"PDFJOB_CHUNKS": chunks})

    assert pod_environment.chunk_index(env) == chunk


@pytest.mark.parametrize("chunks", ["", "2,5-6"])
def test_an_index_beyond_the_round_is_refused(chunks: str) -> None:
    with pytest.raises(UsageError, match="JOB_COMPLETION_INDEX is “3”, but must be less than the number of chunks"):
        pod_environment.chunk_index({"JOB_COMPLETION_INDEX": "3", "PDFJOB_CHUNKS": chunks})


RANGES: dict[str, Reader] = {
    "PDFJOB_CHUNKS": lambda env: pod_environment.chunk_index({"JOB_COMPLETION_INDEX": "0", **env}),
    "PDFJOB_OUT_OF_MEMORY": pod_environment.out_of_memory_chunks,
}


@pytest.mark.parametrize("variable", RANGES)
@pytest.mark.parametrize("text", ["x", "3-1", "5,2", "-1", "1,", "٣", f"0-{CHUNKS_LIMIT}", "0-" + "9" * 18, "9" * 5000])
def test_what_are_no_chunks_is_refused(variable: str, text: str) -> None:
    with pytest.raises(UsageError, match=variable):
        RANGES[variable]({variable: text})


def test_chunks_that_ran_out_of_memory_are_a_set() -> None:
    assert pod_environment.out_of_memory_chunks({"PDFJOB_OUT_OF_MEMORY": "1,3-4"}) == {1, 3, 4}
    assert pod_environment.out_of_memory_chunks({}) == frozenset()


LIVE = LivePdfJobs(7)
LIVE.add("6f0a1c3e-0000-4000-8000-000000000001")


def test_the_live_pdfjobs_may_be_none_but_not_unknown() -> None:
    read = pod_environment.live_pdfjobs({"PDFJOB_LIVE": LIVE.dumps(), "PDFJOB_BEFORE": "7"})

    assert "6f0a1c3e-0000-4000-8000-000000000001" in read
    assert "6f0a1c3e-0000-4000-8000-000000000002" not in read
    nobody = pod_environment.live_pdfjobs({"PDFJOB_LIVE": LivePdfJobs(7).dumps(), "PDFJOB_BEFORE": "7"})
    assert "6f0a1c3e-0000-4000-8000-000000000001" not in nobody
    for env in ({}, {"PDFJOB_LIVE": ""}):
        with pytest.raises(UsageError, match="PDFJOB_LIVE is not set"):
            pod_environment.live_pdfjobs(env)
    with pytest.raises(UsageError, match="PDFJOB_BEFORE is not set"):
        pod_environment.live_pdfjobs({"PDFJOB_LIVE": LIVE.dumps()})


@pytest.mark.parametrize("text", [",", "6f0a1c3e,00000000", "[]", "none", "٣" * 8, LIVE.dumps()[:-4]])
def test_a_garbled_set_of_the_live_is_refused(text: str) -> None:
    """Every workspace whose PdfJob is not in it is removed."""
    with pytest.raises(UsageError, match="PDFJOB_LIVE is “"):
        pod_environment.live_pdfjobs({"PDFJOB_LIVE": text, "PDFJOB_BEFORE": "7"})


def test_the_completed_chunks_may_be_unknown_but_not_garbled() -> None:
    assert pod_environment.completed_chunks({}) is None
    read = pod_environment.completed_chunks({"PDFJOB_COMPLETED": NumberSet([0, 3]).dumps()})
    assert read is not None
    assert [chunk in read for chunk in range(5)] == [True, False, False, True, False]
    with pytest.raises(UsageError, match="PDFJOB_COMPLETED is “0-3”, but must be a set of chunks"):
        pod_environment.completed_chunks({"PDFJOB_COMPLETED": "0-3"})


def test_the_cache_of_a_network_file_system_is_waited_for_unless_it_is_known_to_be_shorter() -> None:
    assert pod_environment.cache_seconds({}) == 75
    assert pod_environment.cache_seconds({"PDFJOB_CACHE_SECONDS": "0"}) == 0


def test_the_uid_of_the_claim_is_plain_or_not_known() -> None:
    assert pod_environment.claim_uid({"PDFJOB_CLAIM_UID": "6f0a1c3e-0000"}) == "6f0a1c3e-0000"
    assert pod_environment.claim_uid({}) is None
    with pytest.raises(UsageError, match="PDFJOB_CLAIM_UID"):
        pod_environment.claim_uid({"PDFJOB_CLAIM_UID": "../x"})


def test_an_attempt_has_its_pods_uid_or_a_name_of_its_own() -> None:
    assert pod_environment.attempt_name({"PDFJOB_ATTEMPT": "6f0a1c3e-0000"}) == "6f0a1c3e-0000"
    assert pod_environment.attempt_name({}) != pod_environment.attempt_name({})


@pytest.mark.parametrize("text", ["../x", "a/b", "*", "-a", "a b", "ä", "a" * 64, "a\n"])
def test_an_attempt_whose_name_cannot_be_part_of_a_file_name_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="PDFJOB_ATTEMPT"):
        pod_environment.attempt_name({"PDFJOB_ATTEMPT": text})


@pytest.mark.parametrize(
    ("read", "variable"),
    [
        (pod_environment.has_more_memory, "PDFJOB_MORE_MEMORY"),
        (pod_environment.merges_early, "PDFJOB_MERGE_EARLY"),
    ],
)
def test_a_switch_is_true_or_not_set(read: Reader, variable: str) -> None:
    assert read({variable: "true"})
    assert not read({})
    with pytest.raises(UsageError, match=f"{variable} is “yes”"):
        read({variable: "yes"})


@pytest.mark.parametrize(
    ("text", "reason"),
    [("DeadlineExceeded", "DeadlineExceeded"), ("OfALaterVersion", "OfALaterVersion"), ("", None)]
    + [(text, "UnexpectedError") for text in ("two words", "x\n", "Größe", "x" * 61, '{"a": 1}')],
)
def test_any_reason_for_unfinished_chunks_ends_with_an_output(text: str, reason: str | None) -> None:
    assert pod_environment.unfinished_reason({"PDFJOB_UNFINISHED_REASON": text}) == reason


def test_a_specification_is_read() -> None:
    assert pod_environment.job_spec({"PDFJOB_SPEC": '{"path": "book.pdf"}'}) == JobSpec("book.pdf")


@pytest.mark.parametrize(
    ("env", "why"),
    [
        ({}, r"not JSON \(.*\)"),
        ({"PDFJOB_SPEC": "[]"}, "not a JSON object"),
        ({"PDFJOB_SPEC": '{"path": "x", "pages": 5}'}, "“pages” must be a string or null"),
        ({"PDFJOB_SPEC": '{"path": "x", "page": "5"}'}, "unknown key “page”"),
    ],
)
def test_a_wrong_specification_is_refused_in_one_sentence(env: dict[str, str], why: str) -> None:
    with pytest.raises(UsageError, match=rf"^PDFJOB_SPEC is not a valid specification: {why}\.$"):
        pod_environment.job_spec(env)


def test_a_password_is_the_text_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3 cret\n\n")

    assert pod_environment.source_password(str(tmp_path / "password")) == "s3 cret\n"
    assert pod_environment.source_password(str(tmp_path / "none")) == ""
    (tmp_path / "password").write_bytes(b"\xef\xbb\xbfs3 cr\xc3\xa9t\r\n")
    assert pod_environment.source_password(str(tmp_path / "password")) == "s3 crét"


def test_a_password_that_cannot_be_read_is_never_shown(tmp_path: Path) -> None:
    (tmp_path / "password").write_bytes(b"s3cret\xff")

    for name in ("password", "."):
        with pytest.raises(ConfigurationError, match=r"check spec\.source\.passwordSecretRef") as caught:
            pod_environment.source_password(str(tmp_path / name))
        assert "s3cret" not in caught.value.message
