from datetime import timedelta

import pytest

from pdfjob_operator.objects.kubernetes import format_duration, is_controlled_by


def test_the_uid_of_the_controller_proves_ownership() -> None:
    def owned(**reference: object) -> bool:
        return is_controlled_by({"metadata": {"ownerReferences": [reference]}}, "u1")

    assert owned(uid="u1", controller=True)
    assert not owned(uid="u2", controller=True)
    assert not owned(uid="u1")
    assert not is_controlled_by({"metadata": {}}, "u1")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (59, "59s"), (75, "1m15s"), (7380, "2h3m"), (90000, "1d1h"), (-5, "0s")]
)
def test_durations_read_as_kubectl_prints_them(seconds: int, text: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == text
