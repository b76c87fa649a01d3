"""Which namespaces the metrics name, and when their series begin and end."""

from pdfjob_operator.configuration.prices import NO_PRICES
from pdfjob_operator.metrics import registry
from pdfjob_operator.metrics.namespace_labels import UNUSED_SECONDS, NamespaceLabels


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def named() -> set[str]:
    """The namespaces that any counter names."""
    families = [family for counter in registry.COUNTERS_BY_NAMESPACE for family in counter.collect()]
    return {sample.labels[registry.NAMESPACE] for family in families for sample in family.samples}


def test_the_first_namespaces_have_names_and_the_others_share_one() -> None:
    namespaces = NamespaceLabels(2, NO_PRICES)

    assert [namespaces.use(name) for name in ("zoo", "books", "art", "zoo")] == ["zoo", "books", "Other", "zoo"]
    assert namespaces.values() == ("zoo", "books", "Other")
    assert [namespaces.value(name) for name in ("books", "art", "new")] == ["books", "Other", "Other"]


def test_as_long_as_there_is_room_nothing_is_called_other() -> None:
    namespaces = NamespaceLabels(2, NO_PRICES)
    namespaces.use("zoo")

    assert namespaces.values() == ("zoo",)


def test_without_places_no_namespace_is_named() -> None:
    namespaces = NamespaceLabels(0, NO_PRICES)

    assert namespaces.use("secret-project") == "Other"
    assert namespaces.values() == ("Other",)
    assert "secret-project" not in named()


def test_whoever_makes_many_namespaces_adds_no_series_and_ends_none_of_others() -> None:
    namespaces = NamespaceLabels(2, NO_PRICES)
    namespaces.use("books")

    for number in range(100):
        namespaces.use(f"flood-{number}")

    assert namespaces.values() == ("books", "flood-0", "Other")
    assert {name for name in named() if name.startswith("flood-")} == {"flood-0"}


def test_a_namespace_that_has_long_had_no_pdfjob_gives_up_its_place_and_its_series() -> None:
    clock = Clock()
    namespaces = NamespaceLabels(2, NO_PRICES, clock)
    namespaces.use("gone-first")
    clock.seconds = 1
    namespaces.use("gone-later")
    clock.seconds = UNUSED_SECONDS - 1
    assert namespaces.use("new") == "Other"  # alerts still look at the counters

    clock.seconds = UNUSED_SECONDS
    assert namespaces.use("new") == "new"

    assert namespaces.values() == ("gone-later", "new", "Other")
    assert "gone-first" not in named()
    assert {"gone-later", "new"} <= named()


def test_a_namespace_keeps_its_place_as_long_as_nobody_needs_it() -> None:
    clock = Clock()
    namespaces = NamespaceLabels(1, NO_PRICES, clock)
    namespaces.use("books")

    clock.seconds = 10 * UNUSED_SECONDS

    assert namespaces.value("books") == "books"
    assert namespaces.use("books") == "books"


def test_a_namespace_with_pdfjobs_keeps_its_place() -> None:
    clock = Clock()
    namespaces = NamespaceLabels(1, NO_PRICES, clock)
    for hour in range(5):
        clock.seconds = hour * UNUSED_SECONDS
        namespaces.use("books")  # as each resync does

        assert namespaces.use("new") == "Other"
