import pytest

from chunk_runner.pdf.glyphs.columns import Rect
from chunk_runner.pdf.glyphs.word_gaps import has_glued_words, restore_spaces


SIZE = 10


def boxes_of(text: str, gap: float, *, spacing: float = 0) -> tuple[str, list[Rect | None]]:
    """A text without its spaces, and the boxes of its characters with a gap for each space, in parts of the size."""
    boxes: list[Rect | None] = []
    left = 0.0
    for char in text:
        if char == " ":
            left += gap * SIZE
        else:
            boxes.append(Rect(left, 0, left + SIZE / 2, SIZE))
            left += SIZE / 2 + spacing * SIZE
    return text.replace(" ", ""), boxes


def parted(line: str, boxes: list[Rect | None]) -> str:
    return restore_spaces(line, 0, boxes.__getitem__)


@pytest.mark.parametrize(
    "text",
    [
        "release you from the obligation to verify",
        "Sie befreit von der Pflicht, alles zu prüfen.",
        "да и не надо было проверять этого никогда",
        "it is (so they say) “good”, and it was.",
    ],
)
@pytest.mark.parametrize("gap", [0.1, 0.15, 0.25])
@pytest.mark.parametrize("spacing", [0, 0.05])
def test_a_gap_as_wide_as_a_space_is_one(text: str, gap: float, spacing: float) -> None:
    assert parted(*boxes_of(text, gap, spacing=spacing)) == text


@pytest.mark.parametrize("gap", [0, 0.02, 0.05])
def test_a_narrow_gap_is_none(gap: float) -> None:
    glued, boxes = boxes_of("Donaudampfschifffahrts gesellschaft", gap)

    assert parted(glued, boxes) == glued


def test_spaces_that_the_library_sees_stay_as_they_are() -> None:
    _, boxes = boxes_of("of_release youfrom_this", 0.2)
    boxes[2] = boxes[16] = None

    assert parted("of releaseyoufrom this", boxes) == "of release youfrom this"


def test_no_space_comes_before_a_closing_mark() -> None:
    assert parted(*boxes_of("obligation to verify . So", 0.2)) == "obligation to verify. So"


def test_gaps_between_all_letters_are_no_spaces() -> None:
    glued, boxes = boxes_of("re lea se yo uf ro mt he ob li ga ti on", 0.2)

    assert parted(glued, boxes) == glued


@pytest.mark.parametrize("moves", [[0.6, 0.9, 0.4, 1.2, -0.5, 0.7], [0.6, -0.6]])
def test_gaps_of_all_widths_are_no_spaces(moves: list[float]) -> None:
    glued, boxes = boxes_of("Hydrogra phicEntityOfTheNetwork", 0.1)
    for at, box in enumerate(boxes):
        move = moves[at % len(moves)]
        boxes[at] = box and box._replace(left=box.left + move, right=box.right + move)

    assert parted(glued, boxes) == glued


def test_a_line_of_unknown_positions_stays_as_it_is() -> None:
    assert parted("releaseyoufrom", [None] * 14) == "releaseyoufrom"
    assert parted("", []) == ""


def test_a_line_that_runs_downwards_stays_as_it_is() -> None:
    column: list[Rect | None] = [Rect(0, -at * SIZE, 3 + at % 4, -at * SIZE + SIZE) for at in range(14)]

    assert parted("releaseyoufrom", column) == "releaseyoufrom"


@pytest.mark.parametrize(
    ("text", "gap", "is_glued"),
    [
        ("release you from the obligation", 0.13, True),
        ("die Donau dampf schiff fahrts gesellschaft", 0.02, False),
        ("Netw orkLinearFlow", 0.13, False),
        ("Netw ork::Netw orkLinearFlow", 0.13, False),
        ("of the man", 0.13, False),
        ("of a man, but he", 0.2, True),
        ("a.example.org", 0.2, False),
        ("เขา ไป โรง เรียน ทุก วัน และ กลับ บ้าน", 0.13, False),
    ],
)
def test_a_page_is_glued_if_long_words_of_a_line_are_several_each(text: str, gap: float, *, is_glued: bool) -> None:
    line, boxes = boxes_of(text, gap)

    assert has_glued_words(line, [(5, "An Hof"), (0, line)], lambda at: boxes[at % len(boxes)]) is is_glued
