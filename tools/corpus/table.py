"""Renders docs/corpus.md: a summary, and a table with a row per file.

Knows Markdown and the fields of a `Finding`.
"""

import statistics
from collections import Counter
from collections.abc import Sequence

from tools.corpus import known, poppler, sources
from tools.corpus.survey import Finding
from tools.corpus.words import Likeness


MANY_WORDS = 20
"""Minimum number of words: in shorter files, a single word changes the ratios too much."""


def markdown(findings: Sequence[Finding]) -> str:
    """Return the page docs/corpus.md."""
    return "\n".join([INTRODUCTION, *summary(findings), "", *rows(findings), ""])


def summary(findings: Sequence[Finding]) -> list[str]:
    """Return the summary of all files, as a list in Markdown."""
    size, seconds = sum(one.size for one in findings) / 1e6, sum(one.seconds for one in findings)
    split = [one for one in findings if one.seams]
    same = sum(all(one.seams.values()) for one in split)
    corpus = f"{len(findings)} files, {size:.1f} MB, from {len(sources.LIBRARIES)} source distributions"
    return [
        f"- {corpus}. {seconds:.0f} s in total, two runs at a time. Poppler {poppler.version()}.",
        _endings(findings),
        _pages(findings),
        f"- Chunks of 1, 7, 30 and all pages: identical output for {same} of {len(split)} files with several pages.",
        _words([one.likeness for one in findings if one.likeness and one.likeness.theirs >= MANY_WORDS]),
    ]


def _endings(findings: Sequence[Finding]) -> str:
    codes = Counter(str(one.run.exit_code) for one in findings)
    opened = [one for one in findings if one.reading.pages is not None]
    refused = sum(not one.run.output for one in opened)
    more = sum(bool(one.run.output) for one in findings if one.reading.pages is None)
    return (
        f"- Exit codes: {', '.join(f'{count} × {code}' for code, count in sorted(codes.items()))}. Poppler opens "
        f"{len(opened)} files; PdfJob rejects {refused} of these, and processes {more} that poppler rejects."
    )


def _pages(findings: Sequence[Finding]) -> str:
    states = Counter[str]()
    for finding in findings:
        states.update({state: len(pages) for state, pages in finding.run.ledger.items()})
    both = [one for one in findings if one.run.output and one.reading.pages is not None]
    same = sum(one.run.pages == one.reading.pages for one in both)
    return (
        f"- Pages: {states.total():,}: {', '.join(f'{count:,} {state}' for state, count in states.items())}. "
        f"Of {len(both)} files that both open, the page count is the same in {same}."
    )


def _words(compared: Sequence[Likeness]) -> str:
    if not compared:
        return "- Words: none to compare."
    common, ours, theirs = (sum(getattr(one, key) for one in compared) for key in ("common", "ours", "theirs"))
    medians = ", ".join(
        f"{name} {statistics.median(getattr(one, key) for one in compared):.3f}"
        for name, key in (("precision", "precision"), ("recall", "recall"), ("F1", "f1"))
    )
    return (
        f"- Words, in the {len(compared)} files with {MANY_WORDS} or more: median {medians}. "
        f"Poppler finds {common / ours:.2%} of PdfJob's {ours:,} words, "
        f"and PdfJob finds {common / theirs:.2%} of poppler's {theirs:,}."
    )


def rows(findings: Sequence[Finding]) -> list[str]:
    """Return the table, with a row per file."""
    head = "| file | pages | poppler's | states | words | precision | recall | seconds | remark |"
    return [head, "| --- | --: | --: | --- | --: | --: | --: | --: | --- |", *map(_row, findings)]


def remark(finding: Finding) -> str:
    """Return the remark on a file: known differences, reasons for a missing output, and unexpected results."""
    said: list[str] = []
    if finding.name in known.REFUSED and not finding.run.output:
        said.append(known.REFUSED[finding.name])
    if finding.name in known.OTHER_TEXT and finding.likeness:
        said.append(known.OTHER_TEXT[finding.name])
    if finding.run.exit_code is None:
        said.append("timed out")
    elif not finding.run.output:
        said.append(finding.run.failure or f"exit code {finding.run.exit_code}")
    if finding.reading.pages is None:
        said.append(f"poppler: {finding.reading.complaint}")
    said += [f"OTHER OUTPUT with {size} pages a chunk" for size, same in finding.seams.items() if not same]
    return "; ".join(said)


def _row(finding: Finding) -> str:
    likeness = finding.likeness
    states = ", ".join(f"{len(pages)} {state}" for state, pages in finding.run.ledger.items() if pages)
    theirs = finding.reading.pages
    cells = [
        f"`{finding.name}`",
        str(finding.run.pages or ""),
        "" if theirs is None else str(theirs),
        states,
        f"{likeness.ours:,}" if likeness else "",
        f"{likeness.precision:.3f}" if likeness and likeness.ours else "",
        f"{likeness.recall:.3f}" if likeness and likeness.theirs else "",
        f"{finding.run.seconds:.1f}",
        remark(finding).replace("|", "\\|"),
    ]
    return f"| {' | '.join(cells)} |"


INTRODUCTION = """\
# Real files

Results of `pdfjob run` on PDFs from other projects: the test files of Python's PDF libraries, many of which once broke
something, and the manual of Biopython. `.venv/bin/python -m tools.generators.corpus_page` generates this
page. `make test-all` checks all files against it, `make test-cluster` a third (`tests/corpus`).

The page compares them with [poppler](https://poppler.freedesktop.org). Precision is the share of PdfJob's words
that poppler also finds, recall the share of poppler's words that PdfJob also finds. The comparison counts words, and
ignores their order, case, ligatures and hyphens. Running headers and footers, which PdfJob removes, lower the recall.
"""
