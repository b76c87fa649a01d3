"""The versions of Kubernetes and Helm in docs/upgrade.md: what the chart does with each, and which features it uses."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes_validate import utils

from chart.helm import CHART, Helm, Manifest, operator_of, values
from chart.workers import worker_jobs
from tools.markdown import rows, terms
from unit.docs.pages import section


PAGE = "docs/upgrade.md"
VERSIONS, FEATURES = (
    rows(part) for part in section(PAGE, "Kubernetes versions").strip().split("\n\n") if part.startswith("| ")
)
"""The tables of the page: of the versions, and of the features that the chart or the operator uses."""

OLDEST = (1, 31)


def number(version: str) -> tuple[int, int]:
    major, minor, *_ = map(int, version.split("."))
    return major, minor


def test_every_version_whose_schema_is_known_has_a_row() -> None:
    known = {number(version) for version in utils.all_versions()}

    assert {number(row[0]) for row in VERSIONS} == {version for version in known if version >= OLDEST}


@pytest.mark.parametrize("row", VERSIONS, ids=lambda row: row[0])
def test_helm_accepts_the_versions_that_work_and_refuses_the_others(helm: Helm, row: list[str]) -> None:
    done = helm.template(f"--kube-version={row[0]}.0")

    assert row[1] in ("yes", "no")
    assert (done.returncode == 0) == (row[1] == "yes"), done.stderr
    if row[1] == "no":
        assert "chart requires kubeVersion: >=1.33.0" in done.stderr


def test_a_version_works_if_all_that_is_needed_is_stable() -> None:
    needed = max(number(row[2]) for row in FEATURES if row[3] == "yes")

    assert {row[0]: row[1] for row in VERSIONS} == {
        row[0]: "yes" if number(row[0]) >= needed else "no" for row in VERSIONS
    }


def test_every_version_gets_the_same_objects(helm: Helm) -> None:
    rendered = [helm.render(f"--kube-version={row[0]}.0") for row in VERSIONS if row[1] == "yes"]

    assert len(rendered) >= 5
    assert all(it == rendered[0] for it in rendered)


def words(value: Any) -> Iterator[str]:
    """Yield every key and every text in an object."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from words(inner)
    elif isinstance(value, str):
        yield value


def test_every_feature_is_used(everything: list[Manifest]) -> None:
    jobs = worker_jobs(everything, operator_of(everything)).values()
    used = {*words([*everything, *jobs])}

    assert [term for row in FEATURES for term in terms(row[0]) if term not in used] == []


@pytest.mark.exhaustive
def test_helm_4_renders_the_same_objects(helm_4: Helm, rendered: list[Manifest], example: Path) -> None:
    assert helm_4.render(*values(example)) == rendered


@pytest.mark.exhaustive
def test_helm_4_lints_the_chart_and_names_the_value_that_it_refuses(helm_4: Helm) -> None:
    done = helm_4.run("lint", "--strict", CHART, "--kube-version=1.34.0")

    assert done.returncode == 0, done.stdout
    assert "replicaCoutn" in helm_4.refusal("--set=replicaCoutn=3")
    assert "tagg" in helm_4.refusal("--set=image.tagg=x")
