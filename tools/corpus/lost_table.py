"""Renders the part of docs/corpus.md on the files of packages: the words that PdfJob does not show, by reason and file.

Knows Markdown and the fields of a `Comparison`.
"""

from collections.abc import Iterator, Sequence

from tools.corpus import poppler, sources
from tools.corpus.lost import Kind
from tools.corpus.packages import Comparison


_EXAMPLE = 60
"""Characters of an example."""


def markdown(comparisons: Sequence[Comparison]) -> str:
    """Return the part of the page."""
    return "\n".join([INTRODUCTION, *summary(comparisons), "", *_reasons(comparisons), "", *_rows(comparisons), ""])


def summary(comparisons: Sequence[Comparison]) -> list[str]:
    """Return the summary, as a list in Markdown."""
    both = [one for one in comparisons if one.pages is not None and one.reading.pages is not None]
    same = sum(one.pages == one.reading.pages for one in both)
    lost = sum(word.count for one in comparisons for word in one.lost)
    unexplained = sum(word.count for one in comparisons for word in one.by_reason().get(Kind.UNEXPLAINED, []))
    words = sum(one.words for one in comparisons)
    files = f"{len(comparisons)} files from {len(sources.PACKAGES)} packages"
    opened = f"Both open {len(both)}, with the same page count in {same}"
    shown = f"PdfJob does not show {lost:,} of them in the same place and form"
    return [
        f"- {files}. Poppler {poppler.version()}. {opened}.",
        f"- Poppler shows {words:,} words. {shown}; {unexplained:,} of these are unexplained.",
    ]


def _reasons(comparisons: Sequence[Comparison]) -> Iterator[str]:
    yield "| reason | words | files | example |"
    yield "| --- | --: | --: | --- |"
    found = [(reason, one.name, lost) for one in comparisons for reason, lost in one.by_reason().items()]
    counts: dict[str, int] = {}
    for reason, _, lost in found:
        counts[reason] = counts.get(reason, 0) + sum(word.count for word in lost)
    for reason in sorted(counts, key=lambda reason: -counts[reason]):
        rows = [(name, lost) for other, name, lost in found if other == reason]
        name, lost = max(rows, key=lambda row: sum(word.count for word in row[1]))
        example = max(lost, key=lambda word: (word.page > 0 and bool(word.line), len(word.word)))
        where = f"`{name.rpartition('/')[2]}`, page {example.page}: “{_cell(example.line)}”"
        yield f"| {reason} | {counts[reason]:,} | {len(rows)} | `{example.word}` ({where}) |"


def _rows(comparisons: Sequence[Comparison]) -> Iterator[str]:
    yield "| file | pages | poppler's words | running | parted | accents | formulas | other |"
    yield "| --- | --: | --: | --: | --: | --: | --: | --: |"
    for one in comparisons:
        counts = {kind: sum(word.count for word in one.lost if word.kind is kind) for kind in Kind}
        pages = "" if one.pages is None else str(one.pages)
        cells = [
            f"`{one.name}`",
            pages,
            f"{one.words:,}",
            *(f"{count:,}" if count else "" for count in counts.values()),
        ]
        yield f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    short = text if len(text) <= _EXAMPLE else f"{text[:_EXAMPLE]}…"
    return short.replace("|", "\\|")


INTRODUCTION = """\
## Words that only poppler shows

Files that nobody had tried before: the documentation of Debian's packages, and the test files of programs that convert
PDFs. Each word that poppler shows on a page and PdfJob does not is counted by its reason. The first four reasons are
seen in the texts themselves; the others are known for single files (`tools/corpus/known.py`). A word without a reason
fails the test (`tests/corpus/test_packages.py`).
"""
