"""The ledger: the state of every page of the source. A job completes only if it has exactly one entry for each page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chunk_runner.contract.ranges import format_ranges
from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import LedgerError
from chunk_runner.pdf.page import PageState


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chunk_runner.pdf.page import PageOutcome


@dataclass
class Ledger:
    """Pages by state."""

    pages: dict[PageState, list[int]] = field(default_factory=lambda: {state: [] for state in PageState})

    def enter(self, outcomes: Mapping[int, PageOutcome]) -> None:
        """Enter the pages of a chunk's result."""
        for page, outcome in outcomes.items():
            self.pages[outcome.state].append(page)

    def enter_failed(self, pages: Iterable[int]) -> None:
        """Enter the pages of a chunk without a result."""
        self.pages[PageState.FAILED].extend(pages)

    def enter_skipped(self, selected: Iterable[int], pages: int) -> None:
        """Enter the pages that were not selected, of a source with this number of pages."""
        self.pages[PageState.SKIPPED].extend(sorted(set(range(1, pages + 1)).difference(selected)))

    def prove(self, pages: int) -> None:
        """Check that each page of the source has exactly one entry.

        Raises:
            LedgerError: A page is missing, or has two entries.
        """
        entered = sorted(page for column in self.pages.values() for page in column)
        if entered != list(range(1, pages + 1)):
            raise LedgerError(
                Reason.UNEXPECTED,
                f"The ledger holds {len(entered)} entries for {pages} pages: this is a bug, report it.",
            )

    def has_only_failures(self) -> bool:
        """Return true if no page has a result."""
        without_result = (PageState.FAILED, PageState.SKIPPED)
        return not any(pages for state, pages in self.pages.items() if state not in without_result)

    def ranges(self) -> dict[str, str]:
        """Return the pages in each state, as ranges."""
        return {state.value: format_ranges(sorted(column)) for state, column in self.pages.items()}
