"""The examples in the documentation use fields, values, options and targets that exist."""

import re
from typing import Any

import jsonschema
import typer.main
import yaml
from typer.core import TyperGroup, TyperOption

from pdfjob_cli.app import app
from unit.docs.pages import PAGES, ROOT, name


TEXTS = {name(page): page.read_text() for page in PAGES}
CHART = yaml.safe_load((ROOT / "charts/pdfjob-operator/Chart.yaml").read_text())
VALUES = yaml.safe_load((ROOT / "charts/pdfjob-operator/values.yaml").read_text())


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that refuses unknown fields, as `kubectl apply` does."""
    inner = {key: closed(field) for key, field in schema.get("properties", {}).items()}
    items = {"items": closed(schema["items"])} if "items" in schema else {}
    return schema | items | ({"properties": inner, "additionalProperties": False} if inner else {})


def is_value(path: str) -> bool:
    """Return whether the chart has this value; below a map without keys, anything is one."""
    inner: Any = VALUES
    for key in path.split("."):
        if not isinstance(inner, dict) or (inner and key not in inner):
            return False
        inner = inner.get(key, {})
    return True


def test_every_pdfjob_is_valid() -> None:
    (version,) = yaml.safe_load((ROOT / "crds/pdfjobs.pdfjob.dev.yaml").read_text())["spec"]["versions"]
    schema = closed(version["schema"]["openAPIV3Schema"]["properties"]["spec"])
    blocks = [
        it for text in TEXTS.values() for it in re.findall(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    ]
    specs = [found["spec"] for it in blocks if "source" in (found := yaml.safe_load(it)).get("spec", {})]
    specs += [it["spec"] for it in yaml.safe_load(CHART["annotations"]["artifacthub.io/crdsExamples"])]

    assert len(specs) >= 5
    for spec in specs:
        jsonschema.validate(spec, schema)


def test_every_value_that_is_set_exists() -> None:
    settings = [
        (page, it) for page, text in TEXTS.items() for it in re.findall(r"--set(?:-string)? ['\"]?([^\s'`]+)", text)
    ]
    paths = [(page, path) for page, it in settings for path in re.findall(r"(?:^|,)([\w.]+)(?:\[\d\][\w.]*)?=", it)]

    assert len(paths) >= 20
    assert [(page, path) for page, path in paths if not is_value(path)] == []


def test_every_option_of_a_command_exists() -> None:
    command = typer.main.get_command(app)
    assert isinstance(command, TyperGroup)
    known = {it for option in command.commands["run"].params if isinstance(option, TyperOption) for it in option.opts}
    lines = [line.partition(" #")[0] for text in TEXTS.values() for line in text.splitlines() if "pdfjob run " in line]
    given = [it for line in lines if ".pdf" in line for it in re.findall(r"(?<=\s)--?[a-z][-a-z]*", line)]

    assert len(given) >= 10
    assert set(given) - known == set()


def test_every_target_of_make_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = [it for text in TEXTS.values() for it in re.findall(r"(?:^|`)make ([a-z][a-z -]*)", text, re.MULTILINE)]

    assert len(named) >= 10
    assert {target for it in named for target in it.split()} - targets == set()
