import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chunk_runner.pdf.page import BREAK, SOFT_HYPHEN
from chunk_runner.text.entries import Sentence
from chunk_runner.text.layout.line import Line
from chunk_runner.text.sentences.dehyphenation import Dehyphenator
from chunk_runner.text.sentences.joiner import SentenceJoiner


ENGLISH = SentenceJoiner("en")


def join(language: str, line: str, following: str, *compounds: str) -> str:
    """Two lines as running text."""
    return Dehyphenator(language, frozenset(compounds)).before(line, following) + following


def test_a_word_that_is_broken_between_two_pages_is_made_whole() -> None:
    assert ENGLISH.close([Line(1, "It was won-"), Line(2, "derful.")]) == [Sentence("It was wonderful.", 1, 2)]


def test_a_hyphen_of_a_word_seen_within_a_line_stays() -> None:
    assert join("en", "It is well-", "known.", "well-known") == "It is well-known."


@pytest.mark.parametrize("hyphen", ["-", "\N{HYPHEN}", SOFT_HYPHEN])
def test_hyphenation_goes_with_the_break(hyphen: str) -> None:
    assert join("en", f"It was won{hyphen}", "derful.") == "It was wonderful."


@pytest.mark.parametrize("hyphen", ["-", SOFT_HYPHEN])
@pytest.mark.parametrize(
    ("language", "line", "following"),
    [
        ("en", "See X", "Ray."),
        ("en", "or n", "tridecanal"),
        ("en", "with an x", "ray tube"),
        ("en", "by e", "mail"),
        ("en", "on α2", "integrin"),
        ("en", "on CD4", "positive cells"),
        ("en", "the pH", "dependent rate"),
        ("en", "of DNA", "binding"),
        ("en", "of (R)", "limonene"),
        ("en", "vis-à", "vis"),
        ("en", "in 1914", "1918"),
        ("en", "a 10", "year-old"),
        ("en", "during COVID", "19"),
        ("en", "to jean", "pierre@example.org"),
        ("en", "a state", "of-the-art engine"),
        ("en", "an up-to", "date engine"),
        ("en", "two", "thirds of it"),
        ("en", "a self", "made man"),
        ("fr", "va", "t-il venir"),
        ("fr", "un arc-en", "ciel"),
        ("fr", "un après", "midi"),
        ("sv", "ett tv", "program"),
        ("de", "eine US", "amerikanische"),
        ("de", "die 20", "jährige"),
        ("fr", "Où va-t", "il ?"),
        ("he", "אל", "קאעידה"),
    ],
)
def test_a_hyphen_of_its_own_stays(language: str, line: str, following: str, hyphen: str) -> None:
    assert join(language, line + hyphen, following) == f"{line}-{following}"


@pytest.mark.parametrize("hyphen", ["-", SOFT_HYPHEN])
@pytest.mark.parametrize(
    ("language", "line", "following"),
    [
        ("en", "It is pre", "and post-war."),
        ("en", "aged 10", "or 12"),
        ("de", "aller Ein", "bzw. Ausgänge"),
        ("de", "die Vor", "sowie die Nachmittage"),
        ("de", "der Ein", "& Ausgang"),
        ("de", "die Kinder", "(und Jugend-)arbeit"),
        ("nl", "de in", "en uitvoer"),
        ("nl", "de heen", "of terugreis"),
        ("da", "ind", "og udgang"),
        ("no", "inn", "og utgang"),
        ("nb", "inn", "eller utgang"),
        ("sv", "in", "och utrikes"),
        ("hu", "a be", "és kijárat"),
        ("ru", "двух", "и трёхэтажный"),
        ("es", "la pre", "y posguerra"),
    ],
)
def test_a_hyphen_for_an_omitted_part_stays_with_its_space(
    language: str, line: str, following: str, hyphen: str
) -> None:
    assert join(language, line + hyphen, following) == f"{line}- {following}"


@pytest.mark.parametrize(
    ("language", "line", "following", "word"),
    [
        ("en", "tak-", "en", "taken"),  # a conjunction in Dutch only
        ("nl", "bespro-", "ken", "besproken"),
        ("en", "com-", "puter-aided", "computer-aided"),
        ("en", "self-", "ish", "selfish"),
        ("en", "seven-", "teen", "seventeen"),
        ("cs", "čtvr-", "tek", "čtvrtek"),
        ("de", "Donau-", "dampf", "Donaudampf"),
        ("fr", "l’a-", "mour", "l’amour"),
        ("en", "AN INTRO-", "DUCTION TO THE BOOK", "AN INTRODUCTION TO THE BOOK"),
        ("hy", "տեսու֊", "թյուն", "տեսություն"),
        ("pt", "disse-", "-lhe", "disse-lhe"),
    ],
)
def test_a_broken_word_is_made_whole(language: str, line: str, following: str, word: str) -> None:
    assert join(language, line, following) == word


@pytest.mark.parametrize(
    ("line", "following"),
    [
        ("1914–", "1918"),
        ("1914", "–1918"),
        ("Paris–", "Lyon"),
        ("a word—", "another"),
        ("a word--", "another"),
        ("and/", "or"),
        ("km/", "h"),
        ("R&", "D"),
        ("annual_", "report"),
        ("the hill (", "below"),
        ("בית־", "ספר"),
    ],
)
def test_a_line_that_ends_with_a_dash_or_slash_goes_on_without_a_space(line: str, following: str) -> None:
    assert join("en", line, following) == line + following


@pytest.mark.parametrize(
    ("language", "line", "following"),
    [
        ("en", "He went -", "and came."),
        ("en", "he said —", "and left"),
        ("en", "one /", "two"),
        ("es", "dijo él—", "y se fue"),
        ("fr", "dit-il.", "— Oui"),
    ],
)
def test_a_dash_or_slash_with_a_space_before_it_has_one_behind_it(language: str, line: str, following: str) -> None:
    assert join(language, line, following) == f"{line} {following}"


@pytest.mark.parametrize(
    ("line", "following"),
    [
        ("at https://", "data.example.org/reports"),
        ("at https://data.example.org/", "reports/2023 and"),
        ("at https://data.example.org/reports/", "letters"),
        ("at https://data.example.org/rep", "orts/2023.pdf and"),
        ("at https://data.example.org", "/reports/x"),
        ("at https://data.example.org/a?b=", "c&d=e"),
        ("at www.example", ".org/reports"),
        ("at http://www.example.", "org/reports"),
        ("is 10.1000/", "xyz123.45 and"),
        ("is doi:10.1000/xyz.", "123"),
        ("write to office@", "example.org as"),
        ("write to office", "@example.org as"),
        ("write to office@example.", "org as"),
        ("kept at /srv/data/", "archive/letters and"),
        ("in ~/data/archive/", "letters"),
        (r"in C:\Users\Public" + "\\", "file.txt"),
    ],
)
def test_an_address_is_joined_as_printed(line: str, following: str) -> None:
    assert join("en", line, following) == line + following


@pytest.mark.parametrize("hyphen", ["-", SOFT_HYPHEN])
def test_a_hyphen_in_an_address_stays(hyphen: str) -> None:
    line = f"at https://data.example.org/annual{hyphen}"

    assert join("en", line, "report-final.pdf") == "at https://data.example.org/annual-report-final.pdf"


@pytest.mark.parametrize(
    ("line", "following"),
    [
        ("at https://example.org", "and then"),
        ("at https://example.org/", "and then"),
        ("at https://example.org.", "The next"),
        ("at https://a.example.org", "https://b.example.org"),
        ("write to office@example.org", "or call"),
        ("write to office@example.org.", "The next"),
        ("kept at /srv/data", "for years"),
        ("seen by", "@somebody"),
    ],
)
def test_what_follows_a_whole_address_is_set_apart(line: str, following: str) -> None:
    assert join("en", line, following) == f"{line} {following}"


@pytest.mark.parametrize(
    ("line", "following"),
    [
        ("吾輩は猫で", "ある。"),
        ("他走了，", "Python 很好"),
        ("他在2023", "年买了"),
        ("使用", "Python编写"),
        ("私のＰ", "Ｃは３台"),
        ("私の", "ＰＣ"),
        ("เขาไป", "โรงเรียน"),
        ("ລາວໄປ", "ໂຮງຮຽນ"),
        ("គាត់ទៅ", "សាលា"),
        ("သူသွား", "သည်"),
        ("བོད་", "ཡིག"),
    ],
)
def test_scripts_without_spaces_are_joined_without_one(line: str, following: str) -> None:
    assert join("en", line, following) == line + following


@pytest.mark.parametrize(
    ("line", "following"),
    [
        ("학교에", "갔다"),
        ("학교에", "大學"),
        ("서울은", "Python"),
        ("ｅｘｔｒａｃｔ", "ａｎｄ"),
        ("他在 2023", "年买了"),
        ("使用", "Python 编写"),
        ("เขาใช้", "Python"),
        ("جالسين", "في الغرفة"),
        ("בית", "ספר"),
        ("Anh ấy", "Ấp"),
    ],
)
def test_other_scripts_are_joined_with_a_space(line: str, following: str) -> None:
    assert join("en", line, following) == f"{line} {following}"


@given(
    st.text(st.sampled_from(f"aB1é他。ไ가א-–—/@.:_&(“'’ {SOFT_HYPHEN}{BREAK}"), min_size=1, max_size=12),
    st.text(st.sampled_from("aB1é他。ไ가א-–—/@.:_&)”’"), max_size=12),
    st.sampled_from(["en", "de", "fr", "es", "ja", "cs"]),
)
@example("see https://a.example.org/b", " ", "en")
@example("see (", "@", "en")
def test_whatever_the_lines_only_hyphens_and_spaces_come_and_go(line: str, following: str, language: str) -> None:
    following = following or " "

    joined = join(language, line, following)

    assert joined.endswith(following)
    ignored = str.maketrans("", "", f"- {SOFT_HYPHEN}{BREAK}")
    assert joined.translate(ignored) == (line + following).translate(ignored)


def test_a_break_that_its_author_allowed_has_no_space() -> None:
    assert join("en", f"it is un{BREAK}", "breakable") == "it is unbreakable"
    assert ENGLISH.close([Line(1, f"It is whole.{BREAK}")]) == [Sentence("It is whole.", 1, 1)]


def test_a_soft_hyphen_before_nothing_is_a_hyphen() -> None:
    lines = [Line(1, "the pre-"), Line(1, f"and the post{SOFT_HYPHEN}")]

    assert [sentence.text for sentence in ENGLISH.close(lines)] == ["the pre- and the post-"]
    assert [sentence.text for sentence in ENGLISH.close(lines[1:])] == ["and the post-"]


def test_a_soft_hyphen_inside_a_line_goes() -> None:
    assert (
        ENGLISH.dehyphenator.remove_soft_hyphens(f"It was a{SOFT_HYPHEN}bout won{SOFT_HYPHEN}derful{SOFT_HYPHEN}")
        == f"It was about wonderful{SOFT_HYPHEN}"
    )
