"""Messages of a child: everything that children send arrives unchanged, and nothing else is accepted."""

from array import array
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure
from chunk_runner.errors import SourceError, UnwritableError
from chunk_runner.pdf.document import DocumentInfo
from chunk_runner.pdf.page import Page, PageRef, PageState
from chunk_runner.pdf.splitter import PartOutcome
from chunk_runner.sandbox import messages
from chunk_runner.sandbox.messages import InvalidMessageError, Kind, Reader


@pytest.mark.parametrize(
    ("value", "declared"),
    [
        (
            Page(
                PageRef(7, 2, is_lost=True),
                PageState.OK,
                ["Ein Satz – mit 𝔘nicode.", ""],
                array("f", range(16)),
                612.5,
                792,
                has_picture=True,
                unmapped_characters=3,
                annotations=[["a note"], []],
            ),
            Page,
        ),
        (Page.failed(PageRef(1, 1), Reason.TIME_LIMIT_EXCEEDED), Page),
        (DocumentInfo(3, True, ("A warning.",), frozenset({2}), True, frozenset({1, 3})), DocumentInfo),  # noqa: FBT003 (flags in order)
        (PartOutcome(Failure(Reason.CRASHED, "It crashed."), frozenset({1}), frozenset({2})), PartOutcome | None),
        (PartOutcome(), PartOutcome | None),
        (None, PartOutcome | None),
    ],
    ids=["page", "failed page", "document", "failure", "part", "none"],
)
def test_an_item_arrives_as_it_was(value: object, declared: Any) -> None:
    assert Reader(declared).read(messages.item(value)) == (Kind.ITEM, value)


@pytest.mark.parametrize(
    "error", [SourceError(Reason.NO_PAGES, "It has no pages."), UnwritableError(Reason.WORKSPACE_UNAVAILABLE, "Full.")]
)
def test_an_error_of_a_stage_keeps_its_type(error: Exception) -> None:
    kind, raised = Reader(int).read(messages.error(error))

    assert kind is Kind.ERROR
    assert (type(raised), raised.args) == (type(error), error.args)


@given(st.binary(max_size=200))
def test_foreign_bytes_are_invalid_and_nothing_else(message: bytes) -> None:
    try:
        kind, value = Reader(Page).read(message)
    except InvalidMessageError:
        return
    assert kind in (Kind.END, Kind.OUT_OF_MEMORY) or isinstance(value, Page | Exception)


FIELDS = ["ref", "state", "lines", "positions", "width", "number", "position", "reason", "annotations"]
SCALARS = st.none() | st.integers(-(2**63), 2**64 - 1) | st.text() | st.binary()


@given(
    st.sampled_from(["i", "e"]),
    st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.sampled_from(FIELDS), inner)),
)
def test_foreign_data_is_invalid_and_nothing_else(kind: str, data: Any) -> None:
    message = kind.encode() + messages.item(data)[1:]

    try:
        _, value = Reader(Page).read(message)
    except InvalidMessageError:
        return
    assert isinstance(value, Page | Exception)


def test_what_cannot_be_sent_is_said_so() -> None:
    with pytest.raises(TypeError, match="object cannot be sent"):
        messages.item(object())
