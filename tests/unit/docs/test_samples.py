"""The samples are admitted in a restricted namespace with a quota, and name the images of the chart."""

import re
from typing import Any

import jsonschema
import yaml

from unit.docs.pages import PAGES, ROOT
from unit.docs.test_examples import CHART, VALUES, closed


def sample(name: str) -> dict[str, Any]:
    """Return the object in a file of `samples`."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "samples" / name).read_text())
    return found


def test_the_job_is_valid_and_reads_a_sample() -> None:
    (version,) = yaml.safe_load((ROOT / "crds/pdfjobs.pdfjob.dev.yaml").read_text())["spec"]["versions"]
    spec = sample("hello.yaml")["spec"]

    jsonschema.validate(spec, closed(version["schema"]["openAPIV3Schema"]["properties"]["spec"]))
    assert (ROOT / "samples" / spec["source"]["volume"]["path"]).exists()


def test_the_claim_is_the_one_that_pdfjobs_use() -> None:
    pod = sample("volume-pod.yaml")

    assert sample("claim.yaml")["metadata"]["name"] == VALUES["workspace"]["claimName"]
    assert pod["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"] == VALUES["workspace"]["claimName"]


def test_the_pod_on_the_volume_runs_the_image_of_the_runner() -> None:
    (container,) = sample("volume-pod.yaml")["spec"]["containers"]

    assert container["image"] == f"{VALUES['runner']['image']['repository']}:{CHART['appVersion']}"


def test_a_quota_and_the_restricted_standard_admit_the_pod_on_the_volume() -> None:
    spec = sample("volume-pod.yaml")["spec"]
    (container,) = spec["containers"]

    assert {kind: set(container["resources"][kind]) for kind in ("requests", "limits")} == {
        "requests": {"cpu", "memory"},
        "limits": {"cpu", "memory"},
    }
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_the_files_that_commands_in_the_docs_read_exist() -> None:
    named = {it for page in PAGES for it in re.findall(r"(?<![\w/])samples/[\w.-]+\.\w+", page.read_text())}

    assert len(named) >= 4
    assert [it for it in sorted(named) if not (ROOT / it).exists()] == []


def test_the_output_that_the_readme_shows_is_in_the_text_of_the_sample() -> None:
    shown = re.findall(r'^\{"text": "(.*)", "pages"', (ROOT / "README.md").read_text(), re.MULTILINE)
    text = (ROOT / "samples" / "lighthouse.txt").read_text()

    assert len(shown) == 4
    assert all(re.sub(r"^\d\. |\d$", "", it) in text for it in shown)
