"""Reads the files of packages with PdfJob and with poppler, and compares them word by word.

Knows how to run both. Must not judge what is lost, which the tests do.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.corpus import known, lost, poppler, runs, sources, words
from tools.corpus.lost import LostWord, PageTexts


SECONDS = 900
"""Timeout of a run over all files, on a machine that may be busy."""


@dataclass(frozen=True)
class Comparison:
    """The comparison of one file.

    Attributes:
        name: Package, and path in it.
        pages: Number of pages that PdfJob finds; `None` if it rejects the file.
        reading: Poppler's results.
        words: Words that poppler shows.
        lost: Those of them that PdfJob does not show.
    """

    name: str
    pages: int | None
    reading: poppler.Reading
    words: int
    lost: Sequence[LostWord]

    def by_reason(self) -> dict[str, list[LostWord]]:
        """Return the lost words by reason; what the texts do not explain has the reason that is known for the file."""
        found: dict[str, list[LostWord]] = {}
        for word in self.lost:
            loss = known.LOST.get(self.name) if word.kind is lost.Kind.UNEXPLAINED else None
            found.setdefault(loss[0] if loss else word.kind, []).append(word)
        return found


def compare(folder: Path, *, by_thirds: bool = False) -> list[Comparison]:
    """Read and compare the files of packages.

    Args:
        folder: Folder for the outputs.
        by_thirds: Compare the third whose turn it is with this commit, and all files that `known` lists.
    """
    files = sources.files(sources.PACKAGES)
    if by_thirds:
        files = sources.third_of(files, known.LOST)
    with ThreadPoolExecutor(3) as pool:
        dropped = pool.submit(runs.outputs, files, folder / "drop", seconds=SECONDS)
        kept = pool.submit(runs.outputs, files, folder / "keep", "--running-lines=keep", seconds=SECONDS)
        readings = dict(zip(files, pool.map(lambda path: poppler.read(path, None), files.values()), strict=True))
    ours, theirs = dropped.result(), kept.result()
    return [_compare(name, readings[name], ours.get(name), theirs.get(name)) for name in files]


def _compare(
    name: str, reading: poppler.Reading, dropped: Mapping[str, Any] | None, kept: Mapping[str, Any] | None
) -> Comparison:
    if dropped is None or kept is None:
        return Comparison(name, None, reading, 0, ())
    count = dropped["source"]["pages"]
    texts = zip(reading.text.split("\f"), _texts(dropped, count), _texts(kept, count), strict=False)
    pages = [PageTexts(number, *both) for number, both in enumerate(texts, start=1)]
    whole = PageTexts(0, reading.text, _text(dropped), _text(kept))
    return Comparison(name, count, reading, words.count(reading.text).total(), tuple(lost.lost_words(pages, whole)))


def _texts(document: Mapping[str, Any], count: int) -> list[str]:
    """Return the text of each page; a sentence that crosses pages is in all of them."""
    pages: list[list[str]] = [[] for _ in range(count)]
    for sentence in document["sentences"]:
        first, last = sentence["pages"]
        for page in pages[first - 1 : last]:
            page.append(sentence["text"])
    return ["\n".join(page) for page in pages]


def _text(document: Mapping[str, Any]) -> str:
    return "\n".join(sentence["text"] for sentence in document["sentences"])
