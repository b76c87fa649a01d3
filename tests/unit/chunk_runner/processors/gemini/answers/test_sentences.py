import json
from typing import Any

import pytest

from chunk_runner.processors.gemini.answers.sentences import ModelSentence, parse_sentences
from chunk_runner.processors.gemini.answers.validation import InvalidResponseError
from chunk_runner.processors.gemini.api.messages import ResponseKind
from chunk_runner.processors.gemini.prompt import SENTENCES, SENTENCES_AND_RUNNING_LINES


ONE_AND_TWO = [ModelSentence(1, "One."), ModelSentence(2, "Two.")]


def answer(*entries: tuple[Any, str]) -> dict[str, Any]:
    return {"sentences": [{"page": page, "text": text} for page, text in entries]}


def parsed(data: Any, pages: int = 2) -> list[ModelSentence]:
    return parse_sentences(json.dumps(data), SENTENCES, pages)


@pytest.mark.parametrize(
    "data",
    [
        answer((1, "One."), (2, "Two.")),
        answer((1, "One."), (2, "Two."))["sentences"],
        {"result": answer((1, "One."), (2, "Two."))},
        {"response": {"data": answer((1, "One."), (2, "Two."))["sentences"]}},
        answer(("1", "One."), ("2", "Two.")),
        answer(("Page 1", "One."), ("p. 2", "Two.")),
        answer((1.0, "One."), ("2.0", "Two.")),
        {"1": ["One."], "2": ["Two."]},
        {"page 1": [{"text": "One."}], "page 2": [{"text": "Two."}]},
        {"pages": [{"page": 1, "sentences": ["One."]}, {"page": 2, "sentences": [{"text": "Two."}]}]},
        json.dumps(answer((1, "One."), (2, "Two."))),
    ],
)
def test_a_shape_with_one_reading_is_read(data: Any) -> None:
    assert parsed(data) == ONE_AND_TWO


@pytest.mark.parametrize(
    "data", [["One.", "Two."], {"sentences": ["One.", "Two."]}, [{"text": "One."}, {"text": "Two."}]]
)
def test_sentences_without_pages_can_only_be_of_a_single_page(data: Any) -> None:
    assert parsed(data, pages=1) == [ModelSentence(1, "One."), ModelSentence(1, "Two.")]
    with pytest.raises(InvalidResponseError) as caught:
        parsed(data)

    assert caught.value.kind is ResponseKind.SCHEMA_MISMATCH


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"error": []},
        {"error": ["The document cannot be read."]},
        {"error": {"message": "The document cannot be read."}},
        {"title": "One.", "sentences_of_page_1": ["Two."]},
        answer(("1-2", "One.")),
        answer((1.5, "One.")),
        answer((True, "One.")),
        answer((None, "One.")),
        {"sentences": [{"page": 1, "sentences": ["One."], "heading": "Lost."}]},
        {"sentences": [{"page": 1, "words": "One."}]},
        {"sentences": [["One.", 1]]},
        {"paragraph1": ["One."], "paragraph2": ["Two."]},
        {"a": {"b": {"c": {"d": {"e": [{"page": 1, "text": "One."}]}}}}},
    ],
)
@pytest.mark.parametrize("pages", [1, 2])
def test_a_shape_that_may_lose_or_invent_something_is_not_read(data: Any, pages: int) -> None:
    with pytest.raises(InvalidResponseError):
        parsed(data, pages)


@pytest.mark.parametrize("first", [0, 2, 411])
def test_pages_that_are_counted_from_elsewhere_are_those_that_were_sent(first: int) -> None:
    assert parsed(answer((first, "One."), (first + 1, "Two."))) == ONE_AND_TWO


def test_a_single_page_is_what_the_answer_is_about_whatever_is_printed_on_it() -> None:
    assert parsed(answer((411, "One."), (411, "Two.")), pages=1) == [ModelSentence(1, "One."), ModelSentence(1, "Two.")]


@pytest.mark.parametrize(
    ("entries", "pages", "why"),
    [
        ([(1, "One."), (3, "Two.")], 2, "pages that were not sent"),
        ([(0, "One.")], 2, "pages that were not sent"),
        ([(0, "One.")], 1, "pages that were not sent"),  # the page before was sent as context
        ([(2, "One.")], 1, "pages that were not sent"),
        ([(0, "One."), (1, "Two."), (2, "Three.")], 2, "pages that were not sent"),
        ([(411, "One."), (413, "Two.")], 2, "pages that were not sent"),
        ([(2, "One."), (1, "Two.")], 2, "out of order"),
        ([(412, "One."), (411, "Two.")], 2, "out of order"),
    ],
)
def test_page_numbers_are_those_that_were_sent(entries: list[tuple[int, str]], pages: int, why: str) -> None:
    with pytest.raises(InvalidResponseError, match=why):
        parsed(answer(*entries), pages)


@pytest.mark.parametrize("mark", [True, "true"], ids=["boolean", "text"])
def test_a_running_line_is_told_from_a_sentence(mark: Any) -> None:
    marked = {"sentences": [{"page": 1, "text": "The Log", "running": mark}, {"page": 1, "text": "One."}]}

    assert parse_sentences(json.dumps(marked), SENTENCES_AND_RUNNING_LINES, 1) == [
        ModelSentence(1, "The Log", is_running=True),
        ModelSentence(1, "One."),
    ]


def test_text_is_cleaned_and_what_is_empty_is_dropped() -> None:
    assert parsed(answer((1, " One\x07 \n two. "), (1, " "))) == [ModelSentence(1, "One two.")]
