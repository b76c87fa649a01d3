"""Hostile, damaged and locked sources on a real cluster, all at once: each ends as it should, and no pod is harmed."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from chunk_runner.contract.ranges import parse_ranges
from tools.documents import pdfs
from tools.documents.hostile_pdfs import bombs, catalogue, pdf_objects, whole_files
from tools.kubectl.client import Kubectl
from tools.kubectl.manifests import pdfjob
from tools.kubectl.volume import Volume


LIMITS = frozenset({"MemoryLimitExceeded", "TimeLimitExceeded"})
"""Which of them stops a bomb depends on how busy the machine is."""


@dataclass(frozen=True)
class Case:
    """A source, a job on it, and how that ends.

    Attributes:
        write: Makes the source.
        spec: Of the job, besides its source.
        password: Which Secret opens it.
        refused: The reason, if there is no output.
        pages: Of the source.
        ok: The pages in the output, as ranges.
        failed: The pages that are missing, as ranges.
        reasons: Why they are: one of these.
        warned: Whether the user is told that the source is damaged.
        output: The name of the output.
    """

    write: Callable[[Path], Path]
    spec: Mapping[str, Any] = field(default_factory=dict)
    password: str | None = None
    refused: str = ""
    pages: int = pdf_objects.PAGES
    ok: str = "1-5"
    failed: str = ""
    reasons: frozenset[str] = frozenset()
    warned: bool = False
    output: str = "output.json"


IN_CHUNKS = {"chunking": {"pagesPerChunk": 2}}
NINE_PAGES = partial(pdfs.write_numbered, pages=9)
LOCKED = catalogue.ATTACKS["encrypted"]
BOMB = partial(bombs.flate_bomb, times=3)
"""Too large for the largest pod; a single one a fast machine reads in one of 4 GiB, within the page's time."""

CASES = {
    # With chunks, a pod of its own meets the page; without, the prepare pod does.
    "flate-bomb": Case(BOMB, IN_CHUNKS, ok="1-2,4-5", failed="3", reasons=LIMITS),
    "flate-bomb-alone": Case(BOMB, ok="1-2,4-5", failed="3", reasons=LIMITS),
    "truncated": Case(
        catalogue.ATTACKS["truncated-70"],
        pages=90,
        ok="1-48",
        failed="49-90",
        reasons=frozenset({"PageUnreadable"}),
        warned=True,
    ),
    "locked": Case(LOCKED, refused="PasswordRequired"),
    "locked-with-key": Case(LOCKED, IN_CHUNKS, password="right"),
    "selected": Case(NINE_PAGES, {"pages": "2-3,5-", **IN_CHUNKS}, pages=9, ok="2-3,5-9"),
    "markdown": Case(NINE_PAGES, {"output": {"format": "markdown"}}, pages=9, ok="1-9", output="output.md"),
}
"""One case for each thing that a pod has and a process has not: a real limit to its memory, a Secret, a status to tell
it in. Every attack is in tests/integration/pdf/test_hostile_pdfs.py, where each runs as a pod's program does."""

PASSWORDS = {"right": whole_files.USER_PASSWORD}


@pytest.mark.long
@pytest.mark.exhaustive  # `integration/pdf/test_hostile_pdfs` runs each attack as the program of a pod
def test_every_attack_ends_as_it_should_and_harms_no_pod(kubectl: Kubectl, volume: Volume, tmp_path: Path) -> None:
    for name, password in PASSWORDS.items():
        kubectl.run("create", "secret", "generic", name, f"--from-literal=password={password}")
    for name, case in CASES.items():
        volume.put(case.write(tmp_path / f"{name}.pdf"), f"{name}.pdf")

    for name, case in CASES.items():
        kubectl.apply(job(name, case))
    for name, case in CASES.items():
        kubectl.wait(f"pdfjob/{name}", f"condition={'Failed' if case.refused else 'Complete'}")

    for name, case in CASES.items():
        status = kubectl.status(name)
        if case.refused:
            assert_refused(name, case, status)
        else:
            assert_told(name, case, status)
            assert status["output"]["path"].endswith(f"/{case.output}"), name
            assert_read(name, case, volume.read(status["output"]["path"], tmp_path / f"{name}.out").decode())
    assert {name: pods for name, pods in harmed(kubectl).items() if pods} == {}
    # Nothing that is wrong with a source is tried twice, but for what more memory might mend.
    labels = [pod["metadata"].get("labels", {}) for pod in kubectl.get("pods")]
    stages = [it["pdfjob.dev/stage"] for it in labels if it.get("pdfjob.dev/memory-doublings") == "0"]
    assert (stages.count("prepare"), stages.count("chunks")) == (len(CASES), chunks())
    assert not any(name.endswith(".pdf") for name in volume.files(volume.workspaces))


def job(name: str, case: Case) -> dict[str, Any]:
    manifest = pdfjob(name, f"{name}.pdf", **case.spec)
    if case.password is not None:
        manifest["spec"]["source"]["passwordSecretRef"] = {"name": case.password, "key": "password"}
    return manifest


def chunks() -> int:
    """How many chunk pods there should be: a job of one chunk needs none."""
    per_job = [
        -(-len(numbers(case.ok + f",{case.failed}" * bool(case.failed))) // case.spec["chunking"]["pagesPerChunk"])
        if "chunking" in case.spec
        else -(-case.pages // 30)
        for case in CASES.values()
        if not case.refused
    ]
    return sum(count for count in per_job if count > 1)


def numbers(ranges: str) -> list[int]:
    return sorted(page for part in ranges.split(",") for bounds in parse_ranges(part) for page in bounds)


def condition(status: dict[str, Any], kind: str) -> dict[str, Any]:
    return next((it for it in status["conditions"] if it["type"] == kind), {"status": "False"})


def assert_refused(name: str, case: Case, status: dict[str, Any]) -> None:
    failed = condition(status, "Failed")
    assert (status["phase"], failed["reason"]) == ("Failed", case.refused), name
    assert f"“{name}.pdf”" in failed["message"]
    assert failed["message"].endswith(".")
    assert not any(password in json.dumps(status) for password in PASSWORDS.values())
    assert "path" not in status.get("output", {})


def assert_told(name: str, case: Case, status: dict[str, Any]) -> None:
    """What the status says of a job that has an output."""
    assert (status["phase"], status["pages"]) == ("Succeeded", case.pages), name
    assert status["chunks"]["failed"] == 0, name
    assert status.get("failedPages", "") == case.failed, name
    reasons = status.get("pageReasons", {})
    assert set(reasons) <= case.reasons, name
    assert ",".join(reasons.values()) == case.failed, name
    assert condition(status, "Partial")["status"] == str(bool(case.failed)), name
    warnings = status.get("warnings", [])
    assert bool(warnings) == case.warned, (name, warnings)
    assert all(warning.endswith(".") for warning in warnings), (name, warnings)


def assert_read(name: str, case: Case, output: str) -> None:
    """What the output holds: every page that is not bad, and no other."""
    found = [page for page in range(1, case.pages + 1) if f"This is page {page} of the book." in output]
    assert found == numbers(case.ok), name
    if case.output == "output.json":
        ledger = json.loads(output)["ledger"]
        assert (ledger["ok"], ledger["failed"]) == (case.ok, case.failed), name
        skipped = sorted(set(range(1, case.pages + 1)) - set(numbers(case.ok)) - set(numbers(case.failed)))
        assert numbers(ledger["skipped"]) == skipped, name


def harmed(kubectl: Kubectl) -> dict[str, list[dict[str, Any]]]:
    """For each pod, its containers that were restarted, or killed from outside."""
    return {
        pod["metadata"]["name"]: [
            it
            for it in pod["status"].get("containerStatuses", [])
            if it["restartCount"]
            or it["lastState"]
            or it["state"].get("terminated", {}).get("reason") == "OOMKilled"
            or it["state"].get("terminated", {}).get("exitCode", 0) > 128
        ]
        for pod in kubectl.get("pods")
    }
