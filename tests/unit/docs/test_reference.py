"""The reference lists every field, option, variable, label and exit code that there is, and no others."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main
import yaml
from typer.core import TyperGroup, TyperOption

from chunk_runner.contract.exit_codes import ExitCode
from pdfjob_cli.app import app
from pdfjob_cli.exit_codes import Exit
from pdfjob_operator.objects import labels
from pdfjob_operator.objects.phases import Condition, Phase
from tools.markdown import rows, terms
from unit.docs.pages import ROOT, section


PAGE = "docs/reference.md"
(VERSION,) = yaml.safe_load((ROOT / "crds/pdfjobs.pdfjob.dev.yaml").read_text())["spec"]["versions"]
SCHEMA: dict[str, Any] = VERSION["schema"]["openAPIV3Schema"]["properties"]
GEMINI = SCHEMA["spec"]["properties"]["processor"]["properties"]["gemini"]


def leaves(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each field that has no fields of its own, and its default; a reference to a Secret counts as one field."""
    for name, inner in schema["properties"].items():
        if "properties" in inner and name != "processor" and not name.endswith("SecretRef"):
            defaults = inner.get("default", {})
            for leaf, default in leaves(inner, f"{path}{name}."):
                yield leaf, defaults.get(leaf.rpartition(".")[2], default)
        else:
            yield f"{path}{name}", inner.get("default")


def first_terms(heading: str) -> list[str]:
    return [term for row in rows(section(PAGE, heading)) for term in terms(row[0])]


@pytest.mark.parametrize(("heading", "schema"), [("`spec`", SCHEMA["spec"]), ("`spec.processor.gemini`", GEMINI)])
def test_every_field_of_a_spec_has_a_row_with_its_default(heading: str, schema: dict[str, Any]) -> None:
    told = {term: row[1].strip("`") for row in rows(section(PAGE, heading)) for term in terms(row[0])}
    defaults = {
        path: "text: {}" if path == "processor" else str(value).lower() if isinstance(value, bool) else str(value)
        for path, value in leaves(schema)
        if value is not None
    }

    assert set(told) == {path for path, _ in leaves(schema)}
    assert {path: told[path] for path in defaults} == defaults


def test_every_field_of_the_status_has_a_row() -> None:
    assert sorted(first_terms("`status`")) == sorted(SCHEMA["status"]["properties"])


def test_every_field_within_a_field_of_the_status_is_in_its_row() -> None:
    inner = {
        name: list((field.get("items") or field).get("properties", {}))
        for name, field in SCHEMA["status"]["properties"].items()
        if name != "conditions"
    }
    told = {term: " ".join(row) for row in rows(section(PAGE, "`status`")) for term in terms(row[0])}

    assert [(name, it) for name, fields in inner.items() for it in fields if f"`{it}`" not in told[name]] == []


def test_every_phase_and_condition_is_explained() -> None:
    heading = "Phases and conditions"

    assert sorted(SCHEMA["status"]["properties"]["phase"]["enum"]) == sorted(Phase)
    assert set(Phase) <= set(terms(section(PAGE, heading)))
    assert sorted(first_terms(heading)) == sorted(Condition)


def test_only_fields_that_the_api_server_lets_change_are_said_to_change() -> None:
    fixed = re.findall(r"self\.(\w+) == oldSelf\.\1", " ".join(it["rule"] for it in rules(SCHEMA["spec"])))
    told = first_terms("Changing a PdfJob")

    assert sorted(it for it in told if "." not in it) == sorted(set(SCHEMA["spec"]["properties"]) - set(fixed))
    assert [it for it in told if "." in it] == ["processor.gemini.maxTotalTokens"]


def rules(schema: dict[str, Any]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = schema["x-kubernetes-validations"]
    return found


def test_every_option_of_pdfjob_run_is_explained() -> None:
    command = typer.main.get_command(app)
    assert isinstance(command, TyperGroup)
    run = command.commands["run"]
    options = {name for it in run.params if isinstance(it, TyperOption) for name in it.opts}
    text = section(PAGE, "`pdfjob run`")

    assert set(re.findall(r"(?<![\w-])--?[a-z][-a-z]*", text)) - {"-h", "--help", "--version"} == options
    assert all(f"`pdfjob {name}" in text for name in command.commands)


def test_every_variable_of_the_operator_is_explained() -> None:
    settings = (ROOT / "operator/pdfjob_operator/configuration/environment.py").read_text()

    assert sorted(first_terms("Environment variables of the operator")) == sorted(
        set(re.findall(r'"(PDFJOB_\w+)"', settings))
    )


@pytest.mark.parametrize(("heading", "codes"), [("`pdfjob run`", Exit), ("Exit codes of the pods", ExitCode)])
def test_every_exit_code_is_explained(heading: str, codes: type[Exit | ExitCode]) -> None:
    assert [int(row[0]) for row in rows(section(PAGE, heading)) if row[0].isdigit()] == sorted(codes)


def test_every_label_is_explained() -> None:
    told = {it for it in terms(section(PAGE, "Labels and metrics")) if it.startswith("pdfjob.dev/")}
    own = {
        value for name, value in vars(labels).items() if name.startswith("LABEL_") and value.startswith("pdfjob.dev/")
    }

    assert told == own
