"""What others do: users that delete and annotate, strangers that take names and labels."""

import hashlib
import json

from chunk_runner.contract import report_json
from chunk_runner.contract.report import Report
from tools.control_plane.api import Manifest
from tools.control_plane.fake_pods import SAYS, HeldPlan
from tools.control_plane.harness import Harness


KOPF = "kopf.zalando.org/last-handled-configuration"
NOT_JSON = "{not json"


def stranger(name: str, labels: dict[str, str], annotations: dict[str, str], *, suspend: bool) -> Manifest:
    """A Job that no PdfJob owns."""
    container = {"name": "stranger", "image": "no.such/image:none", "env": []}
    meta = {"labels": labels, "annotations": annotations}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, **meta},
        "spec": {
            "suspend": suspend,
            "template": {"metadata": meta, "spec": {"restartPolicy": "Never", "containers": [container]}},
        },
    }


def test_chunks_that_are_deleted_at_work_while_the_operator_is_away_are_run_again(harness: Harness) -> None:
    """Proves that a Job which is gone is made anew from what the prepare pod left."""
    first = harness.operator()
    harness.create("job", HeldPlan(holds=frozenset({"chunks"})))
    harness.until_phase("job", "Processing")
    first.kill()
    harness.kubectl.run("delete", "jobs", "--selector=pdfjob.dev/stage=chunks")

    harness.operator()
    harness.until(lambda: len({it.uid for it in harness.jobs("chunks")}) == 2, "there is another chunks Job")
    harness.release("job", "chunks")

    assert harness.end_of("job") == "Succeeded"
    harness.check(deleted_jobs=True)
    assert harness.kubectl.status("job")["chunks"] == {"total": 4, "active": 0, "succeeded": 4, "failed": 0}


def test_chunks_that_are_deleted_when_they_are_done_while_the_operator_is_away_are_run_again(harness: Harness) -> None:
    """Proves the same for a Job that nobody has read yet; the results are on the volume, and each pod finds its own."""
    first = harness.operator()
    harness.create("job", HeldPlan(chunks={2: (21,)}, holds=frozenset({"chunks"})))
    harness.until_phase("job", "Processing")
    first.kill()
    harness.release("job", "chunks")
    harness.until(lambda: any(it.ended for it in harness.jobs("chunks")), "the chunks have ended")
    harness.kubectl.run("delete", "jobs", "--selector=pdfjob.dev/stage=chunks")

    harness.operator()

    assert harness.end_of("job") == "Succeeded"
    harness.check(deleted_jobs=True)
    assert harness.kubectl.status("job")["chunks"] == {"total": 4, "active": 0, "succeeded": 3, "failed": 1}


def test_chunks_that_are_deleted_while_they_are_merged_and_the_operator_is_away(harness: Harness) -> None:
    """Proves that a user who deletes too much gets an output all the same."""
    first = harness.operator()
    harness.create("job", HeldPlan(holds=frozenset({"merge"})))
    harness.until_phase("job", "Merging")
    first.kill()
    harness.kubectl.run("delete", "jobs", "--selector=pdfjob.dev/stage=chunks")

    harness.operator().wait_ready()
    harness.release("job", "merge")

    assert harness.end_of("job") == "Succeeded"
    harness.check(deleted_jobs=True)


def test_a_poisoned_pdfjob_hides_neither_itself_nor_another(harness: Harness) -> None:
    """Proves that no annotation and no name keeps a PdfJob from its end, or another one.

    Kopf reads an annotation of its own before it calls a handler; without `HarmlessStorage` it would choke on it.
    """
    names = {63: "a" * 63, 253: ".".join(["b" * 62] * 4)[:253]}
    harness.operator(PDFJOB_RESYNC_PERIOD_SECONDS="3600").wait_ready()  # nobody but the watch brings it
    harness.create("poisoned", HeldPlan(holds=frozenset({"chunks"})), annotations={KOPF: NOT_JSON})
    harness.create("heavy", annotations={"example.com/heavy": "x" * 250 * 1024})
    for name in (*names.values(), "dots.in.a.name", "healthy"):
        harness.create(name)
    harness.until_phase("poisoned", "Processing")
    harness.kubectl.run("annotate", "jobs", "--all", "--overwrite", f"{KOPF}={NOT_JSON}")
    harness.release("poisoned", "chunks")

    for name in ("healthy", "poisoned", "heavy", "dots.in.a.name", *names.values()):
        assert harness.end_of(name) == "Succeeded", name
    harness.check()


def test_a_stranger_with_our_labels_is_not_believed(harness: Harness) -> None:
    """Proves that a PdfJob reads only the Jobs and pods that it owns, whatever labels others carry."""
    harness.operator().wait_ready()
    uid = harness.create("job", HeldPlan(holds=frozenset({"prepare"})))
    harness.until_phase("job", "Preparing")
    labels = {f"pdfjob.dev/{key}": value for key, value in {"uid": uid, "round": "0", "memory-doublings": "0"}.items()}
    says = {SAYS: report_json.dumps(Report(pages=999, chunks=333)), "pdfjob.dev/job": "job"}
    for stage in ("prepare", "chunks", "merge"):
        harness.make(stranger(f"strange-{stage}", {**labels, "pdfjob.dev/stage": stage}, says, suspend=False))
    harness.kubectl.wait("jobs/strange-prepare", "condition=Complete", "jobs/strange-merge")
    harness.release("job", "prepare")

    assert harness.end_of("job") == "Succeeded"
    assert harness.kubectl.status("job")["pages"] == 4
    assert [it for it in (seen.phase for seen in harness.history("job")) if it == "Failed"] == []


def test_a_name_that_somebody_took_holds_up_one_pdfjob_and_no_other(harness: Harness) -> None:
    """Proves that a Job of another owner is not used, that the user is told, and nobody else waits."""
    uid = harness.create("taken")
    name = f"taken-{hashlib.sha256(uid.encode()).hexdigest()[:8]}-prepare"
    harness.make(stranger(name, {}, {}, suspend=True))
    operator = harness.operator()
    harness.until(lambda: any(it.reason == "JobRefused" for it in harness.history("taken")), "the user is told")

    harness.create("other")
    assert harness.end_of("other") == "Succeeded"
    assert name in harness.kubectl.status("taken")["message"]
    assert operator.is_healthy()
    harness.kubectl.run("delete", "job", name)
    assert harness.end_of("taken") == "Succeeded"
    harness.check()


def test_a_job_of_a_thousand_chunks_of_which_half_fail(harness: Harness) -> None:
    """Proves that a status stays small whatever happened, and that what is missing is said."""
    harness.operator()
    harness.create("large", HeldPlan(pages=1000, chunks=dict.fromkeys(range(1, 1000, 2), (21,))), workers=250)

    assert harness.end_of("large") == "Succeeded"
    status = harness.kubectl.status("large")
    partial = next(it for it in status["conditions"] if it["type"] == "Partial")
    assert partial["status"] == "True"
    assert status["chunks"] == {"total": 1000, "active": 0, "succeeded": 500, "failed": 500}
    assert len(json.dumps(status)) < 20_000
    assert 0 < len(status["failedChunks"]) <= 20
    harness.check()


def test_chunks_that_need_more_memory_get_it(harness: Harness) -> None:
    """Proves that killed chunks are repeated in one more Job with twice the memory, and only these."""
    harness.operator()
    harness.create("hungry", HeldPlan(out_of_memory=frozenset({1, 3})), retries=0)

    assert harness.end_of("hungry") == "Succeeded"
    assert harness.kubectl.status("hungry")["chunks"]["succeeded"] == 4
    assert {it.part[3] for it in harness.jobs("chunks")} == {"0", "1"}
    harness.check()
