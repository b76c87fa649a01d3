import pytest

from builders import make_pdfjob
from pdfjob_operator.objects.names import name_prefix


@pytest.mark.parametrize("name", ["a", "a.b.c", "x" * 253, "a-" * 40 + "a", "germinal"])
def test_job_names_leave_room_for_an_index_whatever_the_pdfjob_is_called(name: str) -> None:
    prefix = name_prefix(make_pdfjob(name=name))

    assert len(f"{prefix}-prepare") <= 40
    assert f"{prefix}-chunks-99999".replace("-", "").isalnum()
    assert not prefix.startswith("-")
