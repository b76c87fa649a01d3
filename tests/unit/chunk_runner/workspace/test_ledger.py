"""The ledger: a job completes only if each page was entered exactly once."""

import pytest

from chunk_runner.errors import LedgerError
from chunk_runner.pdf.page import PageOutcome, PageState
from chunk_runner.workspace.ledger import Ledger


OK = PageOutcome(PageState.OK)


@pytest.mark.parametrize(
    "entered",
    [[1, 2], [1, 2, 2, 3], [1, 2, 3, 4], [1, 1, 3]],
    ids=["one is missing", "one is there twice", "one too many", "one is there in place of another"],
)
def test_a_ledger_that_does_not_hold_each_page_once_is_refused(entered: list[int]) -> None:
    ledger = Ledger()
    for page in entered:
        ledger.enter({page: OK})

    with pytest.raises(LedgerError, match="for 3 pages"):
        ledger.prove(3)


def test_a_ledger_that_holds_each_page_once_is_accepted_in_any_order() -> None:
    ledger = Ledger()
    ledger.enter({3: OK, 1: OK})
    ledger.enter_failed([2])
    ledger.enter_skipped([1, 2, 3], 4)

    ledger.prove(4)
