from collections.abc import Callable
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from chunk_runner.pdf.flattening.layers import Layers
from pdf_files.annotated import AnnotatedPdf


class Groups:
    """A document with a layer that is on and one that is off."""

    def __init__(self) -> None:
        self.made = AnnotatedPdf("A page.")
        self.on = self.made.layer("on")
        self.off = self.made.layer("off", is_off=True)

    @property
    def config(self) -> Any:
        return self.made.pdf.Root.OCProperties.D

    def hides(self, membership: Any) -> bool:
        return Layers.of(self.made.pdf).hide(membership)


def membership(policy: str | None = None, *groups: Any, expression: Any = None) -> Dictionary:
    made = Dictionary(Type=Name.OCMD, OCGs=Array(groups))
    if policy:
        made.P = Name(f"/{policy}")
    if expression is not None:
        made.VE = expression
    return made


def test_a_document_without_layers_hides_nothing() -> None:
    assert not Layers.of(AnnotatedPdf("A page.").pdf).off
    assert not Layers().hide(Dictionary(Type=Name.OCG))


def test_a_group_is_hidden_if_it_is_off() -> None:
    groups = Groups()

    assert groups.hides(groups.off)
    assert not groups.hides(groups.on)
    assert not groups.hides(None)


def test_all_groups_are_off_but_those_that_the_configuration_names() -> None:
    groups = Groups()
    groups.config.BaseState = Name.OFF
    groups.config.ON = Array([groups.off])
    groups.config.OFF = Array()

    assert groups.hides(groups.on)
    assert not groups.hides(groups.off)


@pytest.mark.parametrize(
    ("policy", "members", "is_hidden"),
    [
        (None, "on off", False),
        (None, "off", True),
        ("AnyOn", "on off", False),
        ("AllOn", "on off", True),
        ("AllOn", "on", False),
        ("AnyOff", "on off", False),
        ("AnyOff", "on", True),
        ("AllOff", "off", False),
        ("AllOff", "on off", True),
        ("AllOff", "", False),
    ],
)
def test_a_membership_follows_its_policy(policy: str | None, members: str, *, is_hidden: bool) -> None:
    groups = Groups()

    assert groups.hides(membership(policy, *(getattr(groups, name) for name in members.split()))) is is_hidden


@pytest.mark.parametrize(
    ("expression", "is_hidden"),
    [
        (lambda it: Array([Name.Not, it.off]), False),
        (lambda it: Array([Name.Not, it.on]), True),
        (lambda it: Array([Name.And, it.on, it.off]), True),
        (lambda it: Array([Name.Or, it.on, it.off]), False),
        (lambda it: Array([Name.And, it.on, Array([Name.Not, it.off])]), False),
        (lambda _: Array([Name.Xor]), False),
        (lambda _: Array(), False),
    ],
    ids=["not off", "not on", "and", "or", "nested", "unknown", "empty"],
)
def test_an_expression_precedes_the_policy(expression: Callable[[Groups], Any], *, is_hidden: bool) -> None:
    groups = Groups()

    assert groups.hides(membership("AllOn", groups.on, expression=expression(groups))) is is_hidden


def test_an_expression_that_contains_itself_hides_nothing() -> None:
    groups = Groups()
    expression = groups.made.pdf.make_indirect(Array([Name.And]))
    expression.extend([expression, expression])

    assert not groups.hides(membership(expression=expression))


@pytest.mark.parametrize(
    ("intent", "is_hidden"), [(Name.Design, False), (Name.View, True), (Array([Name.Design, Name.View]), True)]
)
def test_only_groups_for_viewing_hide_something(intent: Any, *, is_hidden: bool) -> None:
    groups = Groups()
    groups.off.Intent = intent

    assert groups.hides(groups.off) is is_hidden


@pytest.mark.parametrize(
    ("event", "state", "is_hidden"),
    [("View", "OFF", True), ("View", "ON", False), ("Print", "OFF", False)],
)
def test_the_usage_on_a_screen_counts_where_the_configuration_says_so(
    event: str, state: str, *, is_hidden: bool
) -> None:
    groups = Groups()
    groups.on.Usage = Dictionary({f"/{event}": Dictionary({f"/{event}State": Name(f"/{state}")})})
    groups.config.AS = Array(
        [Dictionary(Event=Name(f"/{event}"), Category=Array([Name(f"/{event}")]), OCGs=Array([groups.on]))]
    )

    assert groups.hides(groups.on) is is_hidden


def test_damaged_properties_hide_nothing() -> None:
    made = AnnotatedPdf("A page.")
    made.pdf.Root.OCProperties = Dictionary(D=Dictionary(OFF=Array([1, pikepdf.String("x")])), OCGs=Name.None_)

    assert not Layers.of(made.pdf).hide(Dictionary(Type=Name.OCG))
