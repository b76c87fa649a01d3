"""The ledger: every page of the source in exactly one state, or the job does not complete."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chunk_runner.contract.ranges import format_ranges
from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import LedgerError
from chunk_runner.pdf.page import PageState


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass
class Ledger:
    """Pages by state."""

    pages: dict[PageState, list[int]] = field(default_factory=lambda: {state: [] for state in PageState})

    def enter(self, states: Mapping[int, PageState]) -> None:
        """Enter the pages of a chunk's result."""
        for page, state in states.items():
            self.pages[state].append(page)

    def enter_failed(self, pages: Iterable[int]) -> None:
        """Enter the pages of a chunk without a result."""
        self.pages[PageState.FAILED].extend(pages)

    def enter_skipped(self, selected: Iterable[int], pages: int) -> None:
        """Enter the pages of a source of so many that were not selected."""
        self.pages[PageState.SKIPPED].extend(sorted(set(range(1, pages + 1)).difference(selected)))

    def prove(self, pages: int) -> None:
        """Prove that each of the source's pages has been entered once.

        Raises:
            LedgerError: One is missing, or was entered twice.
        """
        entered = sorted(page for column in self.pages.values() for page in column)
        if entered != list(range(1, pages + 1)):
            raise LedgerError(
                Reason.UNEXPECTED,
                f"The ledger holds {len(entered)} entries for {pages} pages: this is a bug, report it.",
            )

    def has_only_failures(self) -> bool:
        """Whether not one page came to anything."""
        told = (PageState.FAILED, PageState.SKIPPED)
        return not any(column for state, column in self.pages.items() if state not in told)

    def ranges(self) -> dict[str, str]:
        """Each state's pages as ranges."""
        return {state.value: format_ranges(sorted(column)) for state, column in self.pages.items()}
