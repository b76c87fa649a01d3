"""Every file of the corpus, processed here and read by poppler.

Knows how the runs are done, two at once, and what came of each. Must not judge: that is the test's.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.corpus import known, poppler, runs, sources, words


AT_ONCE = 2
SECONDS = 60
"""For a run with the default chunks."""
SEAM_SECONDS = 180
"""For a run with one page a chunk: many processes, for a large book."""
CHUNK_SIZES = (1, 7, 30, 10**6)
DEFAULT_CHUNK_SIZE = 30


@dataclass(frozen=True)
class Finding:
    """What came of one file.

    Attributes:
        name: Distribution and path in it.
        size: Bytes.
        run: With the default chunks.
        reading: Poppler's.
        likeness: Of both texts; `None` where one of the two has no text to compare.
        seams: Chunk sizes that were tried besides, and whether the output was the same.
        seconds: Of all runs together.
    """

    name: str
    size: int
    run: runs.Run
    reading: poppler.Reading
    likeness: words.Likeness | None
    seams: dict[int, bool]
    seconds: float


def survey(folder: Path, every: int = 1) -> list[Finding]:
    """Do every run.

    Args:
        folder: Where they may write.
        every: Take each file of so many, and all that something is known of.

    Raises:
        MissingPrerequisiteError: Files or poppler are not here, and cannot be had.
    """
    poppler.install()
    named = {*known.PASSWORDS, *known.REFUSED, *known.OTHER_TEXT}
    files = {name: path for at, (name, path) in enumerate(sources.files().items()) if at % every == 0 or name in named}
    folders = {name: folder / str(number) for number, name in enumerate(files)}
    # the largest first: the last one is not to keep everybody waiting
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
    """The chunk sizes that split these pages otherwise than the default does."""
    splits = {-(-(pages or 1) // DEFAULT_CHUNK_SIZE): DEFAULT_CHUNK_SIZE}
    for size in CHUNK_SIZES:
        splits.setdefault(-(-(pages or 1) // size), size)
    return sorted(size for size in splits.values() if size != DEFAULT_CHUNK_SIZE)


def _content(run: runs.Run) -> bytes | dict[str, Any]:
    """The output; where pages failed, without what tells in which chunks."""
    if run.exit_code == 0:
        return run.output
    return {key: value for key, value in json.loads(run.output or b"{}").items() if key != "failedChunks"}
