"""What a local run tells whoever shows its progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol


if TYPE_CHECKING:
    from chunk_runner.workspace.manifest import Chunk


class Observer(Protocol):
    """Receives the progress of a run."""

    def prepared(self, pages: int, chunks: int, done: int) -> None:
        """The source is split into chunks; an earlier run has processed `done` of the pages."""

    def advanced(self, pages: int) -> None:
        """So many pages are done in total."""

    def finished(self, chunk: Chunk, problem: str | None) -> None:
        """A chunk has its result, or a problem that left it without one."""

    def stopping(self) -> None:
        """The run was interrupted, and waits for the answers of a model that are already paid for."""
