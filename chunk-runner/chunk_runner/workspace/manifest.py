"""The manifest: everything that prepare decides once for the whole document, so that later pods decide nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from itertools import chain
from typing import Any

import msgspec

from chunk_runner.contract.limits import PAGES_LIMIT
from chunk_runner.contract.ranges import parse_ranges
from chunk_runner.contract.report import Failure
from chunk_runner.contract.stats import count
from chunk_runner.text.document_profile import DocumentProfile
from chunk_runner.workspace.file_names import MANIFEST
from chunk_runner.workspace.files import CorruptFileError, Workspace


_VERSION = 5


@dataclass(frozen=True)
class Chunk:
    """A chunk: consecutive selected pages.

    Attributes:
        index: 0-based; the index of the Indexed Job.
        page_range: Its pages of the source, as ranges: `61-90`, `91`, `1-10,20-39`.
        key: A hash of everything that its result depends on; a result with this key is not computed again. The
            chunk's PDF is left out, since its bytes may vary.
        before: The page before it, if that is read as context without being processed; 0 for none.
        after: The page after it, if that is read as context without being processed; 0 for none.
        sha256: The checksum of its PDF; empty if it has none, because its result exists or the source is read directly.
        bytes: The size of its PDF.
        failure: The reason why it has no PDF, if no library could copy its pages.
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
        """Its pages of the source, 1-based."""
        return list(chain.from_iterable(parse_ranges(self.page_range)))

    @property
    def pages_of_pdf(self) -> list[int]:
        """The pages in its PDF: its own, and those before and after it that are read as context."""
        return [page for page in (self.before, *self.pages, self.after) if page]


@dataclass(frozen=True)
class Manifest:
    """A prepared job.

    Attributes:
        source: `name`, `sha256`, `bytes` and `pages` of the source, as the output shows them.
        processor: `name` and `version`, and the `model` if there is one, as the output shows them.
        settings: The settings of the processor, see `JobSpec.processor`.
        form: The output format.
        selected: The pages to process, as ranges.
        lost: Pages whose contents the source no longer holds, as ranges.
        warnings: Anomalies found in the source, one sentence each.
        chunks: In order.
        profile: The profile of its text.
        direct: Chunks without a PDF are read from the source directly.
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
    profile: DocumentProfile = field(default_factory=DocumentProfile)
    direct: bool = False
    api_key_secret: str | None = None

    @property
    def pages(self) -> int:
        """The number of pages of the source."""
        return int(self.source["pages"])

    @property
    def answers(self) -> bool:
        """True if the output has structured answers instead of sentences."""
        return "outputSchema" in self.settings

    @property
    def selected_pages(self) -> int:
        """The number of pages to process."""
        return sum(len(run) for run in parse_ranges(self.selected))

    def write(self, workspace: Workspace) -> None:
        """Write the manifest; from then on the job is prepared."""
        raw = {field.name: getattr(self, field.name) for field in fields(self)}
        raw |= {"profile": self.profile.dump(), "chunks": [asdict(chunk) for chunk in self.chunks]}
        workspace.write_document(MANIFEST, {"version": _VERSION, **raw})

    @classmethod
    def read(cls, workspace: Workspace) -> Manifest:
        """Read the manifest.

        Raises:
            FileNotFoundError: The job is not prepared, or already cleaned up.
            CorruptFileError: The manifest was altered, or written by another version.
        """
        raw, _ = workspace.read_document(MANIFEST)
        if raw.get("version") != _VERSION:
            raise CorruptFileError(f"{MANIFEST} was written by another version")
        try:
            manifest = msgspec.convert(raw, cls)
            _require_pages(manifest)
        except (ValueError, TypeError, KeyError) as error:
            raise CorruptFileError(f"{MANIFEST} is not a manifest") from error
        return manifest


def _require_pages(manifest: Manifest) -> None:
    """Raise an error if a manifest has anything but ranges of pages of its source in place of these."""
    pages = count(manifest.source["pages"])
    texts = [manifest.selected, manifest.lost, *(chunk.page_range for chunk in manifest.chunks)]
    if pages > PAGES_LIMIT or any(run.stop > pages + 1 for text in texts for run in parse_ranges(text)):
        raise ValueError("not pages of the source")
