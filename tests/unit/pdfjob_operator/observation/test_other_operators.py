from datetime import timedelta

import pytest

from builders import NOW, make_job, make_pdfjob
from pdfjob_operator.objects.phases import Stage
from pdfjob_operator.observation.other_operators import OtherOperators


LATER = NOW + timedelta(minutes=1)
FOREIGN = make_job(Stage.PREPARE, operator="other/pdfjob", created_at=LATER)


def test_another_operator_is_named_once(caplog: pytest.LogCaptureFixture) -> None:
    others = OtherOperators("pdfs/pdfjob")
    others.look_at(make_pdfjob(), (), NOW)

    for _ in range(2):
        others.look_at(make_pdfjob(), (FOREIGN,), LATER)

    (line,) = caplog.messages
    assert "other/pdfjob" in line
    assert "watchNamespaces" in line


@pytest.mark.parametrize(
    ("own", "operator", "created_at"),
    [
        ("pdfs/pdfjob", "pdfs/pdfjob", LATER),
        ("pdfs/pdfjob", "", LATER),
        ("", "other/pdfjob", LATER),
        ("pdfs/pdfjob", "other/pdfjob", NOW - timedelta(minutes=1)),
    ],
    ids=["its own", "of an older version", "without a Lease", "of its predecessor"],
)
def test_any_other_job_is_not_remarkable(
    own: str, operator: str, created_at: object, caplog: pytest.LogCaptureFixture
) -> None:
    others = OtherOperators(own)

    others.look_at(make_pdfjob(), (make_job(Stage.PREPARE, operator=operator, created_at=created_at),), NOW)

    assert caplog.messages == []
