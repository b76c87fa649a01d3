"""The troubleshooting page explains every reason once, and no others."""

import re

from chunk_runner.contract.reasons import Reason
from pdfjob_operator.objects.reasons import OperatorReason
from tools.markdown import rows, terms
from unit.docs.pages import ROOT


REASONS = {*map(str, Reason), *map(str, OperatorReason)}
ROWS = [term for row in rows((ROOT / "docs/troubleshooting.md").read_text()) for term in terms(row[0])]


def test_every_reason_has_a_row_and_every_row_a_reason() -> None:
    assert sorted(ROWS) == sorted(REASONS)


def test_no_reason_is_written_as_plain_text() -> None:
    code = "".join(
        path.read_text() for folder in ("operator", "chunk-runner") for path in (ROOT / folder).rglob("*.py")
    )

    assert re.findall(r'(?:Failure|JobState)\(\s*(?:[\w.]+, )?"([A-Z]\w+)"', code) == []
