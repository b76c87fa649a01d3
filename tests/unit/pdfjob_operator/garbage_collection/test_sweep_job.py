from dataclasses import replace
from typing import Any

import pytest

from builders import make_claim
from chunk_runner.contract import environment
from pdfjob_operator.configuration.queueing import Queueing
from pdfjob_operator.configuration.settings import Settings
from pdfjob_operator.garbage_collection.sweep_job import (
    Claim,
    abridged,
    claim_of_job,
    claim_of_pod,
    is_running,
    next_number,
    note_of,
    sweep_job,
    sweep_labels,
)


CLAIM = Claim("books", "shelf")
SETTINGS = Settings(runner_image="runner:test")
UID = "0b1d7c86-0000-4000-8000-000000000001"


def job(
    name: str = "pdfjob-sweep-0a-1", *, queue: str = "", conditions: tuple[str, ...] = (), **spec: Any
) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "labels": {"kueue.x-k8s.io/queue-name": queue} if queue else {}},
        "spec": spec,
        "status": {"conditions": [{"type": condition, "status": "True"} for condition in conditions]},
    }


def environment_of(sweep: dict[str, Any]) -> dict[str, str]:
    (container,) = sweep["spec"]["template"]["spec"]["containers"]
    return {variable["name"]: variable["value"] for variable in container["env"] if "value" in variable}


def test_a_sweep_gets_the_pdfjobs_that_exist_and_mounts_the_workspaces_of_its_namespace_only() -> None:
    sweep = sweep_job(CLAIM, SETTINGS, 3, live="abc", before=1_800_000_000, volume_claim=make_claim("shelf", uid=UID))

    (mount,) = (
        mount
        for mount in sweep["spec"]["template"]["spec"]["containers"][0]["volumeMounts"]
        if mount["name"] == "workspace"
    )
    assert mount == {"name": "workspace", "mountPath": environment.WORKSPACES_MOUNT, "subPath": "pdfjobs/books"}
    assert environment_of(sweep)[environment.LIVE_ENV] == "abc"
    assert environment_of(sweep)[environment.CLAIM_ENV] == UID
    assert environment_of(sweep)[environment.BEFORE_ENV] == "1800000000"
    assert sweep["metadata"]["name"].endswith("-3")
    assert not sweep["spec"]["suspend"]


def test_a_sweep_waits_in_the_queue_if_kueue_manages_all_jobs() -> None:
    queueing = Queueing("books", manage_jobs_without_queue_name=True, priority_class_names={"sweep": "low"})

    sweep = sweep_job(CLAIM, replace(SETTINGS, queueing=queueing), 3)

    assert sweep["spec"]["suspend"] is True
    assert sweep["metadata"]["labels"].items() >= {
        ("kueue.x-k8s.io/queue-name", "books"),
        ("kueue.x-k8s.io/priority-class", "low"),
    }
    assert not any(label.startswith("kueue") for label in sweep["spec"]["template"]["metadata"]["labels"])


def test_the_note_of_a_claim_waits_in_no_queue_and_starts_no_pod_whoever_resumes_it() -> None:
    queueing = Queueing("books", manage_jobs_without_queue_name=True, priority_class_names={"sweep": "low"})

    note = note_of(CLAIM, replace(SETTINGS, queueing=queueing))

    assert (note["spec"]["suspend"], note["spec"]["parallelism"]) == (True, 0)
    assert not any(label.startswith("kueue") for label in note["metadata"]["labels"])


@pytest.mark.parametrize(("mode", "shares"), [("ReadWriteOnce", True), ("ReadWriteMany", False)])
def test_a_sweep_shares_the_node_of_the_pods_that_mount_the_claim_if_it_has_to(mode: str, *, shares: bool) -> None:
    sweep = sweep_job(CLAIM, SETTINGS, 3, volume_claim=make_claim("shelf", access_modes=frozenset({mode})))
    pod = sweep["spec"]["template"]

    assert ("affinity" in pod["spec"], "claim.pdfjob.dev/shelf" in pod["metadata"]["labels"]) == (shares, shares)


def test_the_claim_is_read_back_from_job_and_pod() -> None:
    sweep = note_of(CLAIM, SETTINGS)
    pod = sweep["spec"]["template"]
    pod["metadata"]["namespace"] = "books"

    assert sweep_labels(CLAIM).items() <= sweep["metadata"]["labels"].items()
    assert sweep_labels(CLAIM).items() <= pod["metadata"]["labels"].items()
    assert claim_of_job(sweep) == claim_of_pod(pod) == CLAIM


def test_a_job_or_pod_that_somebody_else_labelled_has_no_claim() -> None:
    assert claim_of_job({"metadata": {"namespace": "books", "name": "other"}}) is None
    assert claim_of_pod({"metadata": {"namespace": "books"}, "spec": {}}) == Claim("books", "")


@pytest.mark.parametrize(
    ("names", "number"),
    [
        ((), 1),
        (("pdfjob-sweep-0a-0",), 1),
        (("pdfjob-sweep-0a-9", "pdfjob-sweep-0a-10"), 11),
        (("somebodys-job", "pdfjob-sweep-0a-99999999999999999999"), 1),
    ],
)
def test_the_next_sweep_has_a_number_of_its_own(names: tuple[str, ...], number: int) -> None:
    assert next_number(map(job, names)) == number


@pytest.mark.parametrize(
    ("sweep", "running"),
    [
        (job(), True),
        (job(conditions=("SuccessCriteriaMet",)), True),
        (job(conditions=("SuccessCriteriaMet", "Complete")), False),
        (job(conditions=("Failed",)), False),
        (job(suspend=True), False),
        (job(suspend=True, queue="books"), True),
        (job(suspend=True, queue="books", parallelism=0), False),
        (job(suspend=False, parallelism=0), False),
    ],
)
def test_a_sweep_runs_until_it_is_finished(*, sweep: dict[str, Any], running: bool) -> None:
    assert is_running(sweep) is running
    whole = {**sweep, "metadata": {**sweep["metadata"], "namespace": "books", "uid": "sweep-uid"}}
    assert is_running(abridged(whole)) is running


def test_of_a_sweep_job_nothing_is_kept_that_may_be_large() -> None:
    sweep = job("pdfjob-sweep-0a-9", conditions=("Complete",))
    sweep["metadata"] |= {"namespace": "books", "uid": "sweep-uid", "annotations": {"heavy": "x" * 255 * 1024}}
    sweep["metadata"]["labels"] = {f"label-{number}": "x" * 63 for number in range(1000)}

    kept = abridged(sweep)

    assert len(str(kept)) < 300
    assert next_number([kept]) == 10
