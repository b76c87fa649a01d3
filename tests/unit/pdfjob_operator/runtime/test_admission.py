import pytest

from pdfjob_operator.objects.pdfjob import Key
from pdfjob_operator.objects.standing import Standing
from pdfjob_operator.runtime.admission import Admission


def key(name: str, namespace: str = "books") -> Key:
    return Key(namespace, name)


def admit(admission: Admission, *names: str, namespace: str = "books") -> list[bool]:
    return [admission.admit(key(name, namespace), f"{namespace}-{name}", has_jobs=False) for name in names]


def test_without_a_limit_every_pdfjob_is_admitted() -> None:
    assert all(admit(Admission(None), *(str(number) for number in range(1000))))


def test_each_namespace_has_room_for_as_many() -> None:
    admission = Admission(2)

    assert admit(admission, "a", "b", "c", "a") == [True, True, False, True]
    assert admit(admission, "a", namespace="papers") == [True]


def test_those_that_wait_are_admitted_in_order_once_there_is_room() -> None:
    admission = Admission(2)
    admit(admission, "a", "b", "c", "d", "e", "c")

    admission.remove(key("a"), "books-a")
    assert admission.admit_next("books") == [key("c")]
    admission.learn(key("b"), "books-b", Standing.FINISHED)

    assert admission.admit_next("books") == [key("d")]
    assert admission.admit_next("books") == []
    assert admit(admission, "c", "d", "new") == [True, True, False]


def test_one_that_is_admitted_but_not_yet_worked_on_keeps_its_place() -> None:
    admission = Admission(1)
    admit(admission, "a", "b")
    admission.remove(key("a"), "books-a")
    assert admission.admit_next("books") == [key("b")]

    admission.learn(key("b"), "books-b", Standing.WAITING)  # its status still says so

    assert admission.admit_next("books") == []
    assert admit(admission, "c", "b") == [False, True]


def test_one_that_has_jobs_is_admitted_whatever_the_limit() -> None:
    admission = Admission(1)
    admit(admission, "a")

    assert admission.admit(key("b"), "books-b", has_jobs=True)
    assert admit(admission, "a") == [False]  # it has none, so it gives way


def test_what_statuses_say_is_enough_after_a_restart() -> None:
    admission = Admission(2)
    for name, standing in (("a", "admitted"), ("b", "waiting"), ("c", "finished"), ("d", "waiting"), ("e", "unknown")):
        admission.learn(key(name), f"books-{name}", Standing(standing))

    assert admission.namespaces() == ["books"]
    assert admission.admit_next("books") == [key("b")]
    assert admit(admission, "d", "e") == [False, False]


@pytest.mark.parametrize("most", [None, 1])
def test_nothing_is_remembered_of_what_is_gone(most: int | None) -> None:
    admission = Admission(most)
    admit(admission, "a", "b")
    for name in "ab":
        admission.remove(key(name), f"books-{name}")

    assert admission.namespaces() == []
    assert admission.admit_next("books") == []
