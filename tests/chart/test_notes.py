"""The notes that Helm prints after an installation."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from chart.helm import CHART, MONITORING, Helm, one


CRD = Path(__file__).parents[2] / "crds" / "pdfjobs.pdfjob.dev.yaml"
Notes = Callable[..., str]


@pytest.fixture
def notes(helm: Helm, tmp_path: Path) -> Notes:
    """Return a function that renders the notes: as a ConfigMap, because Helm prints notes only with a cluster."""
    chart = tmp_path / "chart"
    shutil.copytree(CHART, chart)
    source = chart / "templates" / "NOTES.txt"
    (chart / "templates" / "_notes.tpl").write_text(f'{{{{- define "notes" }}}}{source.read_text()}{{{{ end }}}}')
    manifest = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: notes}
data:
  text: |-
    {{- include "notes" . | nindent 4 }}
"""
    (chart / "templates" / "notes.yaml").write_text(manifest)

    def render(*arguments: str) -> str:
        text: str = one(helm.render(*arguments, chart=chart), "ConfigMap", "notes")["data"]["text"]
        return text

    return render


def test_the_api_server_accepts_the_manifest_in_the_notes(notes: Notes) -> None:
    manifests: list[dict[str, Any]] = [
        yaml.safe_load(it) for it in re.findall(r"<<EOF\n(.*?)\nEOF", notes(), re.DOTALL)
    ]
    (version,) = yaml.safe_load(CRD.read_text())["spec"]["versions"]
    claim, job = manifests

    jsonschema.validate(job, version["schema"]["openAPIV3Schema"])
    assert (job["kind"], job["apiVersion"]) == ("PdfJob", f"pdfjob.dev/{version['name']}")
    assert claim["spec"] == {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}}


def test_the_notes_say_how_to_create_the_claim_unless_the_chart_has_done_so(notes: Notes) -> None:
    assert "kind: PersistentVolumeClaim" in notes()
    assert "kind: PersistentVolumeClaim" not in notes("--set=workspace.create=true")
    assert "kind: PersistentVolumeClaim" in notes("--set=workspace.create=true,watchNamespaces={shelf}")


def test_the_notes_name_the_next_commands_for_a_watched_namespace(notes: Notes) -> None:
    text = notes("--set=watchNamespaces={shelf,books2}")

    for command in (
        "helm test x --namespace books\n",
        "kubectl apply --namespace shelf ",
        "kubectl wait --namespace shelf --for=condition=Finished --timeout=1h pdfjob/hello\n",
        "kubectl logs deploy/x-pdfjob-operator --namespace books\n",
    ):
        assert command in text


@pytest.mark.parametrize(
    ("given", "warning"),
    [
        (
            "workspace.create=true,watchNamespaces={shelf}",
            "was created in the namespace books, where PdfJobs are not processed: create one in each of shelf.",
        ),
        ("gemini.tokensPerMinute=1000", "Limits for Gemini are set without Redis"),
        ("redis.enabled=true,redis.url=redis://x", "installs a Redis that is not used"),
        ("admissionPolicy.enabled=false", "can use all Secrets and claims in their namespace, and get claims"),
        ("networkPolicy.enabled=true,gemini.baseUrl=http://gate", "The network policies allow http://gate only if"),
        ("metrics.podMonitor.enabled=true", "The cluster has no PodMonitor CRD, so metrics.podMonitor was skipped."),
    ],
)
def test_the_notes_warn_of_values_that_do_not_fit_together(notes: Notes, given: str, warning: str) -> None:
    quiet = "--set=watchNamespaces={books}"

    assert "Warnings:" not in notes(quiet)
    assert warning in notes(quiet, f"--set={given}")


def test_the_notes_say_which_labels_monitoring_selects_by(notes: Notes) -> None:
    text = notes("--set=metrics.podMonitor.enabled=true,grafanaDashboard.enabled=true", *MONITORING)

    assert "Prometheus selects monitors and rules by their labels" in text
    assert 'for the labels {"grafana_dashboard":"1"}' in text
