import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunk_runner.processors.gemini.answers.decoding import decode


VALUE = {
    "sentences": [{"page": 1, "text": 'She said “no” and "yes"; see [3], {a} and ```b```:'}, {"page": 2, "text": ""}]
}
TEXT = json.dumps(VALUE)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        json.dumps(VALUE, indent=2),
        f"\ufeff{TEXT}",
        f"```json\n{TEXT}\n```",
        f"json\n{TEXT}",
        f"Here is the JSON requested:\n```json\n{TEXT}\n```",
        f"As [1] asks:\n```\n{TEXT}\n```\nThese are all the sentences.",
        f"{TEXT}\n```\n\nThese are “all” the sentences.",
        f"{TEXT}\n{TEXT}",
        f"{TEXT}\nOnce more:\n{TEXT}\nDone.",
        f"{TEXT}\n{TEXT[:40]}",
        TEXT.replace("}]", "},]").replace('"}', '",}'),
    ],
)
def test_a_fault_around_the_json_is_mended(text: str) -> None:
    assert decode(text) == VALUE


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a\nb\tc", "a\nb\tc"),
        (r"a \alpha b", r"a \alpha b"),
        (r"\frac{1}{2} \beta", r"\frac{1}{2} \beta"),
        (r"\\frac \\nu \n", "\\frac \\nu \n"),
        (r"don\'t", "don't"),
        (r"50\% \_ \x41 \u12", r"50\% \_ \x41 \u12"),
        (r"caf\u00e9 \alpha", "café \\alpha"),
        (r"one\ntwo, three", "one\ntwo, three"),
        (r"bell\b, page\f", "bell\b, page\f"),
        ("a, ] b,}", "a, ] b,}"),
        (r"\"a\"", '"a"'),
    ],
)
def test_a_string_says_what_the_model_wrote(written: str, meant: str) -> None:
    assert decode(f'["{written}"]') == [meant]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I cannot read this document.",
        '"text" and more',
        "17 pages",
        TEXT[:-3],
        TEXT[5:],
        f"{TEXT}}}",
        f"{TEXT}{TEXT.replace('She', 'He')}",
        f'{TEXT}, "more": "lost"',
        f'{{"a": [{TEXT}, {TEXT[:-20]}}}',
        '{"text": "one", "text": "two"}',
        '{"a": NaN}',
        '{"a": Infinity}',
        "{'a': 'b'}",
        '{"a": "b" "c": "d"}',
        '["one" said "two"]',
        '["one,\\" ',
        r'["\alpha and \nu"]',
        r'["\frac{1}{2}\tan x"]',
        '[{"page": 1, "text": "A."}] [{"page": 2, "text": "B."}]',
    ],
)
def test_what_has_no_reading_or_more_than_one_is_not_read(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (of many kinds)
        decode(text)


@pytest.mark.parametrize("value", ["text", TEXT, 17, 1.5, True, None])
def test_a_value_without_brackets_is_read_if_it_stands_alone(value: Any) -> None:
    assert decode(json.dumps(value)) == value


def test_deep_nesting_is_an_error() -> None:
    with pytest.raises(RecursionError):
        decode("[" * 100_000)


@given(st.recursive(st.text() | st.integers() | st.none(), lambda it: st.lists(it) | st.dictionaries(st.text(), it)))
def test_valid_json_is_read_as_it_is(value: Any) -> None:
    text = json.dumps([value], ensure_ascii=False)

    with suppress(ValueError):  # a backspace before a letter is taken for a command of TeX
        assert decode(text) == [value] or "\\b" in text or "\\f" in text


@pytest.mark.parametrize("before", ["", "Here it is:\n```json\n"])
@pytest.mark.parametrize("after", ["", "\n```\nThat is all.", f"\n{TEXT}"])
def test_json_that_is_cut_off_anywhere_is_never_taken_for_a_part(before: str, after: str) -> None:
    text = f"{before}{TEXT}{after}"

    for end in range(len(text)):
        with suppress(ValueError):
            assert decode(text[:end]) == VALUE
            assert end >= len(before + TEXT)


def test_json_without_its_beginning_is_not_read() -> None:
    for begin in range(1, len(TEXT)):
        with pytest.raises(ValueError):  # noqa: PT011 (of many kinds)
            decode(TEXT[begin:])
