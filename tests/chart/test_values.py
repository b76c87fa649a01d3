"""The chart's values: each is explained, and what is none is refused."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from chart.helm import CHART, CI, Helm, environment, one
from pdfjob_operator.configuration.environment import load_settings
from pdfjob_operator.configuration.pod_policy import PodPolicy
from tools.generators.chart import values
from tools.generators.chart.values import CommentError, Value


VALUES = values.read((CHART / "values.yaml").read_text())
SCHEMA = jsonschema.Draft7Validator(values.schema(VALUES))
DEFAULTS: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())


def nested(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    for key in reversed(path):
        value = {key: value}
    found: dict[str, Any] = value
    return found


def coalesced(given: dict[str, Any], defaults: dict[str, Any] = DEFAULTS) -> dict[str, Any]:
    """The values as Helm judges them: defaults filled in, and what is null left out."""
    filled = {**defaults, **given}
    for key, value in filled.items():
        default = defaults.get(key)
        if isinstance(value, dict) and isinstance(default, dict):
            filled[key] = coalesced(value, default)
    return {key: value for key, value in filled.items() if value is not None or not (key in given and key in defaults)}


def typos(value: Value) -> Iterator[dict[str, Any]]:
    """What a user writes who gets one letter wrong: left out, doubled, or changed."""
    *above, key = value.path
    siblings = {other.path[-1] for other in VALUES if other.path[:-1] == value.path[:-1]}
    for wrong in {key[:-1], key + key[-1], key[:-1] + ("x" if key[-1] != "x" else "y")} - siblings:
        yield nested((*above, wrong), value.default)


def test_every_value_has_a_description() -> None:
    assert len(VALUES) > 100
    assert [value.path for value in VALUES if len(value.text) < 4 or not value.text.endswith(".")] == []


def test_a_value_without_a_comment_is_refused_by_name() -> None:
    with pytest.raises(CommentError, match=r"image\.tag"):
        values.read("# -- An image.\nimage:\n  # no sentence\n  tag: ''\n")


def test_the_readme_and_the_schema_are_up_to_date() -> None:
    stale = [path.name for path, content in values.files().items() if path.read_text() != content]

    assert stale == [], "run make chart-readme"


def test_the_defaults_and_every_example_are_accepted() -> None:
    for file in (CHART / "values.yaml", *CI):
        SCHEMA.validate(coalesced(yaml.safe_load(file.read_text())))


@pytest.mark.parametrize(
    "value", [value for value in VALUES if value.path[0] != "global"], ids=lambda value: ".".join(value.path)
)
def test_a_typo_is_refused(value: Value) -> None:
    SCHEMA.validate(coalesced(nested(value.path, value.default)))

    for typo in typos(value):
        assert not SCHEMA.is_valid(coalesced(typo)), typo


@pytest.mark.parametrize(
    "wrong",
    [
        {"resyncPeriodSeconds": "soon"},
        {"resyncPeriodSeconds": 0},
        {"image": {"pullPolicy": "Sometimes"}},
        {"logging": {"format": "xml"}},
        {"metrics": {"serviceMonitor": {"renderMode": "skip"}}},
        {"watchNamespaces": "books"},
        {"watchNamespaces": ["books", "books"]},
        {"imagePullSecrets": [{"nam": "x"}]},
        {"commonLabels": {"team": 7}},
        {"gemini": {"requestsPerMinute": 0}},
        {"maxWorkersPerJob": 0},
        {"maxPdfJobsPerNamespace": "few"},
        {"runner": {"maxMemory": "4GB"}},
        {"runner": {"maxMemory": "-1Gi"}},
        {"runner": {"maxMemory": -1}},
        {"workspace": {"size": "20 Gi"}},
        {"workspace": {"claimName": "Pdfs"}},
        {"workspace": {"accessMode": "ReadWriteOncePod"}},
        {"workspace": {"maxSize": "4GB"}},
        {"helmTest": {"claimName": "Pdfs"}},
        {"watchNamespaces": ["Books"]},
        {"image": {"digest": "abc"}},
        {"runner": {"image": {"digest": "sha256:abc"}}},
        {"image": {"registry": "registry.example.com"}},
        {"image": {"repository": ""}},
        {"image": {"repository": "registry.example.com/"}},
        {"image": {"repository": "registry.example.com/pdfjob:dev"}},
        {"image": {"repository": "https://registry.example.com/pdfjob"}},
        {"global": {"imageRegistry": "registry.example.com/"}},
        {"global": {"imageRegistry": "https://registry.example.com"}},
        {"redis": {"image": {"tag": "7.4 alpine"}}},
    ],
    ids=str,
)
def test_a_value_that_cannot_work_is_refused(wrong: dict[str, Any]) -> None:
    assert not SCHEMA.is_valid(coalesced(wrong))


@pytest.mark.parametrize(
    "right",
    [
        {"runner": {"maxMemory": "1.5Gi"}},
        {"runner": {"maxMemory": 2**32}},
        {"workspace": {"size": "2e10"}},
        {"image": {"digest": "sha256:" + "0a" * 32}},
        {"image": {"repository": "registry.example.com:5000/mirror/pdf__job"}},
        {"image": {"repository": "localhost/pdfjob"}},
        {"global": {"imageRegistry": "registry.example.com:5000/mirror"}},
        {"global": {"imageRegistry": "localhost"}},
        {"image": {"tag": "v1.0_a"}},
    ],
    ids=str,
)
def test_an_unusual_value_is_accepted(right: dict[str, Any]) -> None:
    SCHEMA.validate(coalesced(right))


@pytest.mark.parametrize(
    "group",
    [value for value in VALUES if value.is_group and value.path[0] != "global"],
    ids=lambda it: ".".join(it.path),
)
def test_a_group_that_is_null_is_refused_by_name(group: Value) -> None:
    (error,) = SCHEMA.iter_errors(coalesced(nested(group.path, None)))

    assert group.path[-1] in error.message


def test_a_limit_can_be_set_and_removed_on_the_command_line(helm: Helm) -> None:
    def limit(value: str) -> str:
        return environment(helm.render(f"--set=gemini.tokensPerMinute={value}"))["PDFJOB_GEMINI_TOKENS_PER_MINUTE"]

    assert (limit("4000000"), limit(""), limit("null")) == ("4000000", "", "")


def test_limits_of_a_namespace_reach_the_operator(helm: Helm) -> None:
    unlimited = load_settings(environment(helm.render()))
    limited = load_settings(
        environment(helm.render("--set=maxWorkersPerJob=20,maxPdfJobsPerNamespace=50,earlyMerge=false"))
    )

    assert (unlimited.max_workers_per_job, unlimited.max_pdfjobs_per_namespace) == (None, None)
    assert (limited.max_workers_per_job, limited.max_pdfjobs_per_namespace) == (20, 50)
    assert (unlimited.early_merge, limited.early_merge) == (True, False)


def test_large_numbers_in_a_values_file_remain_integers(helm: Helm, tmp_path: Path) -> None:
    given = {
        "resyncPeriodSeconds": 1_000_000,
        "runner": {"resources": {"limits": {"memory": 2**30}}, "maxMemory": 2**32},
        "helmTest": {"timeoutSeconds": 1_000_000},
        "workspace": {"create": True, "size": 2**34, "retentionSeconds": 2_592_000},
    }
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump(given))

    rendered = helm.render(f"--values={file}")

    settings = load_settings(environment(rendered))
    assert (settings.resync_period_seconds, settings.workspace_retention_seconds, settings.max_memory) == (
        1_000_000,
        2_592_000,
        2**32,
    )
    assert settings.resources_with(1)["limits"]["memory"] == "2048Mi"
    assert one(rendered, "Pod")["spec"]["containers"][0]["args"][-1] == "1000000"
    assert one(rendered, "PersistentVolumeClaim")["spec"]["resources"]["requests"]["storage"] == str(2**34)


def test_null_is_an_empty_list_or_map(helm: Helm) -> None:
    (everything_on,) = [file for file in CI if file.name.startswith("all-on")]
    collections = [value for value in VALUES if isinstance(value.default, (list, dict)) and not value.is_group]
    nulls = [f"--set={'.'.join(value.path)}=null" for value in (*collections, VALUES[0])]

    rendered = helm.render(f"--values={everything_on}", *nulls)

    assert nulls[-1] == "--set=global=null"
    settings = load_settings(environment(rendered, "pdfs"))
    assert (settings.namespaces, settings.image_pull_secrets, settings.pod_labels) == ((), (), {})
    assert settings.pod_policy == PodPolicy(max_resources={}, node_labels=())
    assert settings.runner_pod.security_context == {}
    policy = one(rendered, "NetworkPolicy", "pdfs")["spec"]
    assert all(rule["ports"] for rule in policy["egress"])  # none would mean all


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("replicaCoutn=3", "replicaCoutn"),
        ("image.tagg=x", "tagg"),
        ("metrics.podMonitor.labls.a=b", "labls"),
        ("globall.imageRegistry=x", "globall"),
        ("resyncPeriodSeconds=soon", "resyncPeriodSeconds"),
        ("gemini=null", "gemini"),
        ("runner.maxMemory=4GB", "maxMemory"),
    ],
)
def test_helm_names_the_value_that_it_refuses(helm: Helm, given: str, named: str) -> None:
    assert named in helm.refusal(f"--set={given}")


def test_an_umbrella_chart_can_have_global_values_and_a_condition(helm: Helm, tmp_path: Path) -> None:
    shutil.copytree(CHART, tmp_path / "charts" / CHART.name)
    dependency = {"name": CHART.name, "version": "*", "condition": f"{CHART.name}.enabled"}
    umbrella = {"apiVersion": "v2", "name": "umbrella", "version": "1.0.0", "dependencies": [dependency]}
    (tmp_path / "Chart.yaml").write_text(yaml.safe_dump(umbrella))
    given = {"global": {"foreign": {"key": 1}, "imageRegistry": "mirror"}, CHART.name: {"enabled": True}}
    (tmp_path / "values.yaml").write_text(yaml.safe_dump(given))

    rendered = helm.render(chart=tmp_path)

    (container,) = one(rendered, "Deployment")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "mirror/pdfjob-operator:0.1.0"
    assert helm.render(f"--set={CHART.name}.enabled=false", chart=tmp_path) == []
