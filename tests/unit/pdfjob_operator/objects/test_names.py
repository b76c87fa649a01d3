import pytest

from builders import make_pdfjob
from pdfjob_operator.objects.names import is_object_name, name_prefix, own_claim_name


@pytest.mark.parametrize("name", ["a", "a.b.c", "x" * 253, "a-" * 40 + "a", "germinal"])
def test_job_names_leave_room_for_an_index_whatever_the_pdfjob_is_called(name: str) -> None:
    prefix = name_prefix(make_pdfjob(name=name))

    assert len(f"{prefix}-prepare") <= 40
    assert f"{prefix}-chunks-99999".replace("-", "").isalnum()
    assert not prefix.startswith("-")


@pytest.mark.parametrize("name", ["a", "a.b.c", "x" * 253])
def test_the_name_of_a_claim_of_its_own_fits_into_a_label(name: str) -> None:
    claim = own_claim_name(make_pdfjob(name=name).raw)

    assert is_object_name(claim)
    assert len(claim) <= 41


def test_a_new_pdfjob_of_the_same_name_has_another_claim() -> None:
    first = make_pdfjob().raw
    second = {**first, "metadata": {**first["metadata"], "uid": "another"}}

    assert own_claim_name(first) != own_claim_name(second)
