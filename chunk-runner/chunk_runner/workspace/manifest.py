"""The manifest: everything decided once for the whole document, so that later pods decide nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from itertools import chain
from typing import Any

from chunk_runner.contract.ranges import parse_ranges
from chunk_runner.contract.report import Failure
from chunk_runner.text.document_profile import Decisions
from chunk_runner.workspace.files import MANIFEST, CorruptFileError, Workspace


_VERSION = 4


@dataclass(frozen=True)
class Chunk:
    """A run of selected pages: consecutive ones, where every page of the source is selected.

    Attributes:
        index: 0-based; the index of the Indexed Job.
        page_range: Its pages of the source, as people write them: `61-90`, `91`, `1-10,20-39`.
        key: What its result depends on; a result with this key is not computed again. Not taken of the chunk's PDF,
            whose bytes may vary.
        before: The page before it, if it is to be known too (not processed); 0 for none.
        after: The page after it, likewise.
        sha256: Checksum of the chunk's PDF; empty when it has none, because its result is there or the source is read.
        bytes: Size of the chunk's PDF.
        failure: Why it has no PDF, when no library could copy its pages.
    """

    index: int
    page_range: str
    key: str
    before: int = 0
    after: int = 0
    sha256: str = ""
    bytes: int = 0
    failure: Failure | None = None

    @cached_property
    def pages(self) -> list[int]:
        """Its pages of the source, counted from 1."""
        return list(chain.from_iterable(parse_ranges(self.page_range)))

    @property
    def pages_of_pdf(self) -> list[int]:
        """What its PDF holds: its pages, and those before and after it that are to be known too."""
        return [page for page in (self.before, *self.pages, self.after) if page]


@dataclass(frozen=True)
class Manifest:
    """A prepared job.

    Attributes:
        source: `name`, `sha256`, `bytes` and `pages` of the source, as the output shows them.
        processor: `name` and `version`, and the `model` if there is one, as the output shows them.
        settings: Of the processor, as the job gives them.
        form: The format of the output.
        selected: The pages to process, as ranges.
        lost: Pages whose content is not in the source any more, as ranges.
        warnings: What was odd about the source, for people.
        chunks: In order.
        decisions: About its text.
        direct: Whether the chunks have no PDFs, because whoever processes them reads the source itself.
        api_key_secret: See `JobSpec`.
    """

    source: dict[str, Any]
    processor: dict[str, Any]
    settings: dict[str, Any]
    form: str
    selected: str
    lost: str
    warnings: tuple[str, ...]
    chunks: tuple[Chunk, ...]
    decisions: Decisions = field(default_factory=Decisions)
    direct: bool = False
    api_key_secret: str | None = None

    @property
    def pages(self) -> int:
        """Pages of the source."""
        return int(self.source["pages"])

    @property
    def answers(self) -> bool:
        """Whether the output has answers in a shape of the job's own, and no sentences."""
        return "outputSchema" in self.settings

    @property
    def selected_pages(self) -> int:
        """Pages to process."""
        return sum(len(run) for run in parse_ranges(self.selected))

    def write(self, workspace: Workspace) -> None:
        """Write it; from then on the job is prepared."""
        raw = {it.name: getattr(self, it.name) for it in fields(self)}
        raw |= {"decisions": self.decisions.dump(), "chunks": [asdict(chunk) for chunk in self.chunks]}
        workspace.write_document(MANIFEST, {"version": _VERSION, **raw})

    @classmethod
    def read(cls, workspace: Workspace) -> Manifest:
        """Read it.

        Raises:
            FileNotFoundError: The job is not prepared, or already cleaned up.
            CorruptFileError: It was altered, or another version wrote it.
        """
        raw, _ = workspace.read_document(MANIFEST)
        if raw.pop("version") != _VERSION:
            raise CorruptFileError(f"{MANIFEST} was written by another version")
        raw["chunks"] = tuple(
            Chunk(**{**chunk, "failure": chunk["failure"] and Failure(**chunk["failure"])}) for chunk in raw["chunks"]
        )
        raw |= {"decisions": Decisions.load(raw["decisions"]), "warnings": tuple(raw["warnings"])}
        return cls(**raw)
