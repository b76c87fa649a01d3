"""Processes every test file of the libraries, and reads it with poppler.

Knows how to run the files, two at a time, and collects the results. Must not judge them, which the tests do.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.corpus import known, poppler, runs, sources, words


AT_ONCE = 2
"""Concurrent runs."""
SECONDS = 300
"""Timeout of a run with the default chunk size, on a machine that may be busy."""
SEAM_SECONDS = 600
"""Timeout of a run with another chunk size: one page per chunk means many chunks for a large book."""
CHUNK_SIZES = (1, 7, 30, 10**6)
DEFAULT_CHUNK_SIZE = 30


@dataclass(frozen=True)
class Finding:
    """The results for one file.

    Attributes:
        name: Distribution, and path in it.
        size: Size of the file in bytes.
        run: Run with the default chunk size.
        reading: Poppler's results.
        likeness: Comparison of both texts; `None` if either has no text.
        seams: For each other chunk size, whether the output was identical.
        seconds: Duration of all runs together.
    """

    name: str
    size: int
    run: runs.Run
    reading: poppler.Reading
    likeness: words.Likeness | None
    seams: dict[int, bool]
    seconds: float


def survey(folder: Path, *, by_thirds: bool = False) -> list[Finding]:
    """Process the corpus.

    Args:
        folder: Folder for all outputs.
        by_thirds: Process the third whose turn it is with this commit, and all files that `known` lists.
    """
    files = sources.files(sources.LIBRARIES)
    if by_thirds:
        files = sources.third_of(files, {*known.PASSWORDS, *known.REFUSED, *known.OTHER_TEXT})
    folders = {name: folder / str(number) for number, name in enumerate(files)}
    # Start with the largest, so that no large file runs alone at the end.
    order = sorted(files, key=lambda name: -files[name].stat().st_size)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        findings = list(pool.map(lambda name: _find(name, files[name], folders[name]), order))
    return sorted(findings, key=lambda finding: finding.name)


def _find(name: str, path: Path, folder: Path) -> Finding:
    password = known.PASSWORDS.get(name)
    reading = poppler.read(path, password)
    run = runs.run(path, folder / "default", password=password, seconds=SECONDS)
    seams: dict[int, bool] = {}
    seconds = run.seconds
    for size in _telling_sizes(run.pages) if run.output else ():
        other = runs.run(path, folder / str(size), f"--pages-per-chunk={size}", password=password, seconds=SEAM_SECONDS)
        seams[size] = other.exit_code == run.exit_code and _content(other) == _content(run)
        seconds += other.seconds
    likeness = words.compare(run.text, reading.text) if run.output and reading.pages is not None else None
    return Finding(name, path.stat().st_size, run, reading, likeness, seams, seconds)


def _telling_sizes(pages: int | None) -> list[int]:
    """Return the chunk sizes that result in another number of chunks than the default does."""
    splits = {-(-(pages or 1) // DEFAULT_CHUNK_SIZE): DEFAULT_CHUNK_SIZE}
    for size in CHUNK_SIZES:
        splits.setdefault(-(-(pages or 1) // size), size)
    return sorted(size for size in splits.values() if size != DEFAULT_CHUNK_SIZE)


def _content(run: runs.Run) -> bytes | dict[str, Any]:
    """Return the output; without `failedChunks`, which depends on the chunk size, if pages failed."""
    if run.exit_code == 0:
        return run.output
    return {key: value for key, value in json.loads(run.output or b"{}").items() if key != "failedChunks"}
