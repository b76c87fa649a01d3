import pytest

from chunk_runner.contract.reasons import Reason, reason_or_unexpected


@pytest.mark.parametrize("text", [*Reason, "OfALaterVersion", "x" * 60])
def test_one_word_may_be_a_reason(text: str) -> None:
    assert reason_or_unexpected(text) == text


@pytest.mark.parametrize("text", ["", "two words", "x\n", "Größe", "٣", "x1", "a-b", "x" * 61, "{{.}}"])
def test_anything_else_is_unexpected(text: str) -> None:
    assert reason_or_unexpected(text) == "UnexpectedError"
