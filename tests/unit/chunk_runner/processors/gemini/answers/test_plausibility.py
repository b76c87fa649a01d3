import pytest

from chunk_runner.processors.gemini.answers.plausibility import require_plausible
from chunk_runner.processors.gemini.answers.sentences import ModelSentence
from chunk_runner.processors.gemini.answers.validation import InvalidResponseError


PAGES = [
    (
        "The lamp was lit at dusk and burned until the morning. Nobody had seen the keeper since the storm, and the"
        " boat was gone from its place below the rocks. In the kitchen the kettle stood on a cold stove. “He will come"
        " back,” said the old woman, and sat down to wait."
    ),
    (
        "Three days later the supply ship came. Its captain found the door open, the bed made and the journal on the"
        " table, with a pencil across the last page. There was nothing in it but the weather. He took the journal with"
        " him, locked the door, and reported what he had seen to the harbour office."
    ),
]


def whole() -> list[ModelSentence]:
    return [ModelSentence(page, f"{text}.") for page in (1, 2) for text in PAGES[page - 1].rstrip(".").split(". ")]


def test_an_answer_that_gives_the_pages_is_true() -> None:
    require_plausible(whole(), PAGES)


def test_a_normalised_answer_is_true() -> None:
    plain = [it._replace(text=it.text.replace("“", '"').replace("”", '"').replace("-", "\N{HYPHEN}")) for it in whole()]

    require_plausible(plain, PAGES)


INVENTED = ModelSentence(
    1,
    "A cheerful committee of penguins elected their treasurer by secret ballot, which surprised every journalist who"
    " had bet on walruses; quarterly dividends rose, umbrellas fell, and jazz musicians improvised excuses for their"
    " xylophones, violas and trombones until the auditorium applauded.",
)


def test_what_is_not_on_the_page_is_invented() -> None:
    with pytest.raises(InvalidResponseError, match="text for page 1 is not on that page"):
        require_plausible([INVENTED, *whole()[-4:]], PAGES)


def test_a_page_that_is_left_out_is_missed() -> None:
    with pytest.raises(InvalidResponseError, match="omits page 2"):
        require_plausible([entry for entry in whole() if entry.page == 1], PAGES)


def test_a_page_that_is_left_out_between_others_is_missed() -> None:
    three = [
        PAGES[0],
        "Nothing else was heard of it for a year, and then a letter came to the harbour office.",
        PAGES[1],
    ]
    told = [ModelSentence(1, PAGES[0]), ModelSentence(3, PAGES[1])]

    with pytest.raises(InvalidResponseError, match="omits page 2"):
        require_plausible(told, three)


def test_a_repetition_that_the_page_does_not_have_is_a_loop() -> None:
    with pytest.raises(InvalidResponseError, match="repeats itself"):
        require_plausible([*whole(), *[ModelSentence(2, "There was nothing in it but the weather.")] * 7], PAGES)


def test_a_repetition_that_the_page_has_is_none() -> None:
    refrain = ["Row, row, row your boat. " * 12]

    require_plausible([ModelSentence(1, "Row, row, row your boat.")] * 12, refrain)


def test_a_page_without_a_text_layer_is_believed() -> None:
    require_plausible([INVENTED, *whole()[-4:]], [None, PAGES[1]])


@pytest.mark.parametrize("between", ["", None], ids=["blank", "unseen"])
def test_a_page_that_says_nothing_hides_no_neighbor(between: str | None) -> None:
    layer = [PAGES[0], between, PAGES[1]]
    told = [ModelSentence(1, PAGES[0]), ModelSentence(3, PAGES[1])]

    require_plausible(told, layer)
    with pytest.raises(InvalidResponseError, match="text for page 1 is not on that page"):
        require_plausible([INVENTED, ModelSentence(1, "And so on."), told[1]], layer)
    with pytest.raises(InvalidResponseError, match="omits page 3"):
        require_plausible(told[:1], layer)


def test_a_picture_may_say_more_and_hides_nothing() -> None:
    require_plausible([INVENTED, *whole()], PAGES, has_picture=[True, False])
    with pytest.raises(InvalidResponseError, match="omits page 1"):
        require_plausible(whole()[-4:], PAGES, has_picture=[True, False])
    with pytest.raises(InvalidResponseError, match="text for page 2 is not on that page"):
        require_plausible([*whole()[:4], INVENTED._replace(page=2)], PAGES, has_picture=[True, False])


def test_nothing_stands_on_a_blank_page() -> None:
    with pytest.raises(InvalidResponseError, match="text for page 2 is not on that page"):
        require_plausible([ModelSentence(1, PAGES[0]), INVENTED._replace(page=2)], [PAGES[0], ""])


def test_a_sentence_may_go_on_where_nothing_can_be_compared() -> None:
    require_plausible([ModelSentence(1, f"{PAGES[0][:40]} {INVENTED.text}")], [PAGES[0][:40], None])


def test_a_sentence_may_begin_on_the_page_before() -> None:
    text = " ".join(PAGES)

    require_plausible([ModelSentence(1, text)], PAGES)
