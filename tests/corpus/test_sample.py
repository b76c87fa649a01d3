"""The sample against poppler: an independent reader, wherever it is installed."""

from pathlib import Path

import pytest

from tools.corpus import poppler, runs, words


SAMPLE = Path(__file__).parents[2] / "samples" / "lighthouse.pdf"


@pytest.mark.needs("poppler")
def test_the_words_of_the_sample_are_those_that_poppler_reads(tmp_path: Path) -> None:
    run, reading = runs.run(SAMPLE, tmp_path / "run", password=None, seconds=60), poppler.read(SAMPLE, None)

    likeness = words.compare(run.text, reading.text)
    assert run.pages == reading.pages
    assert likeness.ours > 1000
    assert likeness.precision == 1
