import string
from random import Random

import pytest

from chunk_runner.text.language.legibility import is_garbled, is_language


ENGLISH = (
    "The miller described her journey to the sea, and nobody in the village believed a word of it until the harbour"
    " master himself told them that twelve ships had sailed in the night. Quite a few of them were never seen again. "
) * 2
RUSSIAN = "Все люди рождаются свободными и равными в своем достоинстве и правах, и никто не знает почему. " * 4


def moved(text: str, by: int) -> str:
    """Each character's neighbor so many places away, as the numbers of glyphs are."""
    return "".join(char if char == " " else chr(max(ord(char) + by, 0x21)) for char in text)


def by_chance(text: str, first: int, last: int) -> str:
    """Any characters of a range in place of a text's own."""
    chance = Random(7)  # noqa: S311 (the same characters each time)
    return "".join(char if char == " " else chr(chance.randrange(first, last)) for char in text)


@pytest.mark.parametrize(
    "text",
    [
        moved(ENGLISH, -29),
        moved(ENGLISH.upper(), 3),
        moved(ENGLISH, 0x100),
        moved(ENGLISH, 0xE000),
        RUSSIAN.encode("cp1251").decode("latin-1"),
        by_chance(ENGLISH, 0x100, 0x600),
        by_chance(ENGLISH, 0x4E00, 0x9FFF),
        "".join(char if char in " hy" else "\ufffd" for char in ENGLISH),
    ],
)
def test_the_numbers_of_glyphs_are_no_language(text: str) -> None:
    assert is_garbled(text)
    assert not is_language(text)


def test_most_texts_in_which_letters_stand_for_others_are_no_language() -> None:
    chance = Random(1)  # noqa: S311 (the same letters each time)
    texts = []
    for _ in range(50):
        letters = "".join(chance.sample(string.ascii_lowercase, 26))
        texts.append(ENGLISH.translate(str.maketrans(string.ascii_lowercase, letters)))

    assert sum(map(is_garbled, texts)) >= 40


@pytest.mark.parametrize(
    "text",
    [
        ENGLISH,
        ENGLISH.upper(),
        RUSSIAN,
        "Nochi tlakamej uan siuamej kipiaj manoj kuali tlakatisej, nochi san se totlatechpouiltilis uan. " * 4,
        "Nigwaadhat gwinzii gwizhit dinjii zhuh gugwandaii. Jidii datthak nihłeet'iinch'uu. " * 5,
        "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền lợi. " * 5,
        "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。" * 9,
        "データが不足しています。フォームを確認してください。ページをリロードする必要があります。 " * 9,
        "商品编码数量商品名称商品基本条码 334010052 2.18 华联绿豆 302000001 10.12 散称华联粉条 " * 9,
        "المناطق 12 34 56 البيانات 78 الجدول 90 " * 20,
        "J. Smith, K. Müller, A. García, P. Dubois, L. Rossi, T. Nowak, B. Åkesson " * 6,
        "int main(int argc, char **argv) { for (size_t i = 0; i < n; ++i) printf(fmt, xs[i]); return EXIT_OK; } " * 4,
        "mpg cyl disp hp drat wt qsec vs am gear carb Mazda RX4 21.0 6 160.0 110 3.90 2.6 Datsun 710 " * 5,
        " ".join(f"{number * 7919 % 1000}.{number % 10}" for number in range(500)),
        "sin α + cos β = λx² ∑ ∫ f(x) dx, p < 0.05 (3.1) " * 20,
        "ACGTTGCAACGTAGCTAGCTGATCGATGCTAGCTAGCATCGATCG " * 10,
        "7KH OD]\\",
        "",
    ],
)
def test_rare_languages_tables_programs_and_short_texts_may_be_language(text: str) -> None:
    assert not is_garbled(text)
