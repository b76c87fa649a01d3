"""Everything that parses text from outside, by the name of what is parsed.

Each target takes any bytes. `test_fuzz` tries some with Hypothesis, `make fuzz` as many as there is time for, guided by
coverage.
"""

from __future__ import annotations

from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import StageError
from chunk_runner.pdf.page import Page, PageRef, PageState
from chunk_runner.sandbox import messages
from fuzz import environments, gemini, objects, workspace_files
from fuzz.target import Target


def _message(data: bytes) -> None:
    messages.Reader(Page).read(data)


TARGETS = {
    **workspace_files.TARGETS,
    **gemini.TARGETS,
    **environments.TARGETS,
    **objects.TARGETS,
    "message": Target(
        _message,
        (messages.InvalidMessageError,),
        (messages.item(Page(PageRef(1, 1), PageState.OK, ["a"])), messages.error(StageError(Reason.CRASHED, "x"))),
    ),
}
