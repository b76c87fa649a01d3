"""What others do: users that delete and annotate, strangers that take names and labels."""

import hashlib
import json

from chunk_runner.contract.report import Report
from tools.control_plane.api import Manifest
from tools.control_plane.arena import Arena
from tools.control_plane.plan import SAYS, Plan


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


def test_chunks_that_are_deleted_at_work_while_the_operator_is_away_are_run_again(arena: Arena) -> None:
    """Proves that a Job which is gone is made anew from what the prepare pod left."""
    first = arena.operator()
    arena.create("job", Plan(holds=frozenset({"chunks"})))
    arena.until_phase("job", "Processing")
    first.kill()
    arena.kubectl.run("delete", "jobs", "--selector=pdfjob.dev/stage=chunks")

    arena.operator()
    arena.until(lambda: len({it.uid for it in arena.jobs("chunks")}) == 2, "there is another chunks Job")
    arena.release("job", "chunks")

    assert arena.end_of("job") == "Succeeded"
    arena.check(deleted_jobs=True)
    assert arena.kubectl.status("job")["chunks"] == {"total": 4, "active": 0, "succeeded": 4, "failed": 0}


def test_chunks_that_are_deleted_when_they_are_done_while_the_operator_is_away_are_run_again(arena: Arena) -> None:
    """Proves the same for a Job that nobody has read yet; the results are on the volume, and each pod finds its own."""
    first = arena.operator()
    arena.create("job", Plan(failing={2: 21}, holds=frozenset({"chunks"})))
    arena.until_phase("job", "Processing")
    first.kill()
    arena.release("job", "chunks")
    arena.until(lambda: any(it.ended for it in arena.jobs("chunks")), "the chunks have ended")
    arena.kubectl.run("delete", "jobs", "--selector=pdfjob.dev/stage=chunks")

    arena.operator()

    assert arena.end_of("job") == "Succeeded"
    arena.check(deleted_jobs=True)
    assert arena.kubectl.status("job")["chunks"] == {"total": 4, "active": 0, "succeeded": 3, "failed": 1}


def test_chunks_that_are_deleted_while_they_are_merged_and_the_operator_is_away(arena: Arena) -> None:
    """Proves that a user who deletes too much gets an output all the same."""
    first = arena.operator()
    arena.create("job", Plan(holds=frozenset({"merge"})))
    arena.until_phase("job", "Merging")
    first.kill()
    arena.kubectl.run("delete", "jobs", "--selector=pdfjob.dev/stage=chunks")

    arena.operator().wait_ready()
    arena.release("job", "merge")

    assert arena.end_of("job") == "Succeeded"
    arena.check(deleted_jobs=True)


def test_a_poisoned_pdfjob_hides_neither_itself_nor_another(arena: Arena) -> None:
    """Proves that no annotation and no name keeps a PdfJob from its end, or another one.

    Kopf reads an annotation of its own before it calls a handler; without `HarmlessStorage` it would choke on it.
    """
    names = {63: "a" * 63, 253: ".".join(["b" * 62] * 4)[:253]}
    arena.operator(PDFJOB_RESYNC_PERIOD_SECONDS="3600").wait_ready()  # nobody but the watch brings it
    arena.create("poisoned", Plan(holds=frozenset({"chunks"})), annotations={KOPF: NOT_JSON})
    arena.create("heavy", annotations={"example.com/heavy": "x" * 250 * 1024})
    for name in (*names.values(), "dots.in.a.name", "healthy"):
        arena.create(name)
    arena.until_phase("poisoned", "Processing")
    arena.kubectl.run("annotate", "jobs", "--all", "--overwrite", f"{KOPF}={NOT_JSON}")
    arena.release("poisoned", "chunks")

    for name in ("healthy", "poisoned", "heavy", "dots.in.a.name", *names.values()):
        assert arena.end_of(name) == "Succeeded", name
    arena.check()


def test_a_stranger_with_our_labels_is_not_believed(arena: Arena) -> None:
    """Proves that a PdfJob reads only the Jobs and pods that it owns, whatever labels others carry."""
    arena.operator().wait_ready()
    uid = arena.create("job", Plan(holds=frozenset({"prepare"})))
    arena.until_phase("job", "Preparing")
    labels = {f"pdfjob.dev/{key}": value for key, value in {"uid": uid, "round": "0", "memory": "0"}.items()}
    says = {SAYS: Report(pages=999, chunks=333).dumps(), "pdfjob.dev/job": "job"}
    for stage in ("prepare", "chunks", "merge"):
        arena.make(stranger(f"strange-{stage}", {**labels, "pdfjob.dev/stage": stage}, says, suspend=False))
    arena.kubectl.run(
        "wait", "jobs/strange-prepare", "jobs/strange-merge", "--for=condition=Complete", "--timeout=120s"
    )
    arena.release("job", "prepare")

    assert arena.end_of("job") == "Succeeded"
    assert arena.kubectl.status("job")["pages"] == 4
    assert [it for it in (seen.phase for seen in arena.history("job")) if it == "Failed"] == []


def test_a_name_that_somebody_took_holds_up_one_pdfjob_and_no_other(arena: Arena) -> None:
    """Proves that a Job of another owner is not used, that the user is told, and nobody else waits."""
    uid = arena.create("taken")
    name = f"taken-{hashlib.sha256(uid.encode()).hexdigest()[:8]}-prepare"
    arena.make(stranger(name, {}, {}, suspend=True))
    operator = arena.operator()
    arena.until(lambda: any(it.reason == "JobRefused" for it in arena.history("taken")), "the user is told")

    arena.create("other")
    assert arena.end_of("other") == "Succeeded"
    assert name in arena.kubectl.status("taken")["message"]
    assert operator.is_healthy()
    arena.kubectl.run("delete", "job", name)
    assert arena.end_of("taken") == "Succeeded"
    arena.check()


def test_a_job_of_a_thousand_chunks_of_which_half_fail(arena: Arena) -> None:
    """Proves that a status stays small whatever happened, and that what is missing is said."""
    arena.operator()
    arena.create("large", Plan(chunks=1000, failing=dict.fromkeys(range(1, 1000, 2), 21)), workers=250)

    assert arena.end_of("large") == "Succeeded"
    status = arena.kubectl.status("large")
    partial = next(it for it in status["conditions"] if it["type"] == "Partial")
    assert partial["status"] == "True"
    assert status["chunks"] == {"total": 1000, "active": 0, "succeeded": 500, "failed": 500}
    assert len(json.dumps(status)) < 20_000
    assert 0 < len(status["failedChunks"]) <= 20
    arena.check()


def test_chunks_that_need_more_memory_get_it(arena: Arena) -> None:
    """Proves that killed chunks are repeated in one more Job with twice the memory, and only these."""
    arena.operator()
    arena.create("hungry", Plan(out_of_memory=frozenset({1, 3})), retries=0)

    assert arena.end_of("hungry") == "Succeeded"
    assert arena.kubectl.status("hungry")["chunks"]["succeeded"] == 4
    assert {it.part[3] for it in arena.jobs("chunks")} == {"0", "1"}
    arena.check()
