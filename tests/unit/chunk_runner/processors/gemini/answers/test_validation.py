import json

import pytest

from chunk_runner.processors.gemini.answers.validation import InvalidResponseError, parse_answer
from chunk_runner.processors.gemini.prompt import SENTENCES


def answer(*entries: tuple[int, str]) -> str:
    return json.dumps({"sentences": [{"page": page, "text": text} for page, text in entries]})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"sentences": [{"page": 1, "text": "unfini', "not JSON"),
        ('{"sentences": "none"}', "sentences: type"),
        ('{"sentences": [{"page": 1}]}', "sentences/0: required"),
        ("[" * 100_000, "not JSON"),
        ('{"sentences": [], "confidence": NaN}', "not JSON"),
        (answer((1, "The same again and again. " * 400)), "repeats itself"),
    ],
)
def test_what_is_no_answer_is_told_from_one(text: str, why: str) -> None:
    with pytest.raises(InvalidResponseError, match=why):
        parse_answer(text, SENTENCES)


def test_a_frame_that_repeats_is_no_loop() -> None:
    rows = [{"invoice_number": None, "customer": None, "paid": False, "remarks": ""}] * 200

    assert parse_answer(json.dumps(rows), {"type": "array"}) == rows
