"""The health check that the documentation gives for Argo CD, run on statuses as the operator writes them.

Argo CD calls it with the object in `obj` and takes a table with `status` and `message`.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from lupa import LuaRuntime

from builders import NOW, make_merged, make_pdfjob
from pdfjob_operator.objects.phases import Phase
from pdfjob_operator.planning.decision import JobState
from pdfjob_operator.planning.progress import Progress
from pdfjob_operator.reporting.status import render_status


PAGE = Path(__file__).parents[3] / "docs/install.md"


def health(generation: int, status: dict[str, Any] | None) -> tuple[str, str]:
    """What Argo CD says of a PdfJob: the state and the message."""
    found = re.search(r"```yaml\n(data:\n.*?health\.pdfjob\.dev_PdfJob.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    (check,) = yaml.safe_load(found[1])["data"].values()
    lua = LuaRuntime()
    obj = {"metadata": {"generation": generation}} | ({"status": status} if status else {})
    told = lua.eval(f"function(obj) {check} end")(lua.table_from(obj, recursive=True))
    return told["status"], told["message"]


@pytest.mark.parametrize(
    ("phase", "said"),
    [
        ("Pending", "Progressing"),
        ("Processing", "Progressing"),
        ("Merging", "Progressing"),
        ("Suspended", "Suspended"),
        ("Succeeded", "Healthy"),
        ("Failed", "Degraded"),
    ],
)
def test_argo_cd_says_how_it_stands(phase: str, said: str) -> None:
    status = render_status(
        make_pdfjob(), JobState(Phase(phase), "AReason", "One sentence.", Progress(120, 4, 0, 4, 0)), NOW
    )

    assert health(1, status) == (said, "One sentence.")


def test_argo_cd_takes_a_partial_success_for_healthy() -> None:
    facts = Progress(120, 4, 0, 3, 1, make_merged(failed=1, failed_pages="31-60"))
    status = render_status(make_pdfjob(), JobState(Phase.SUCCEEDED, "PagesMissing", "Pages are missing.", facts), NOW)

    assert health(1, status) == ("Healthy", "Pages are missing.")


def test_argo_cd_waits_until_the_operator_has_seen_the_spec() -> None:
    status = render_status(make_pdfjob(), JobState(Phase.SUCCEEDED, "AReason", "One sentence."), NOW)

    assert health(1, None)[0] == health(2, status)[0] == "Progressing"
