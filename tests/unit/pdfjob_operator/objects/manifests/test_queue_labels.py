from dataclasses import replace

import pytest

from builders import SETTINGS, in_queue, make_pdfjob
from pdfjob_operator.configuration.queueing import Queueing
from pdfjob_operator.objects.labels import LABEL_PRIORITY, LABEL_QUEUE
from pdfjob_operator.objects.manifests.jobs import chunks_job, merge_job, prepare_job
from pdfjob_operator.objects.manifests.queue_labels import queue_labels


ALL = Queueing(manage_jobs_without_queue_name=True)
NAMED = Queueing("default", manage_jobs_without_queue_name=True, priority_class_names={"merge": "high", "prepare": ""})
OWN = {LABEL_QUEUE: "books", LABEL_PRIORITY: "night"}


@pytest.mark.parametrize(
    ("queueing", "stage", "own", "labels"),
    [
        (Queueing(), "chunks", {}, {}),
        (Queueing(), "chunks", OWN, OWN),
        (Queueing(), "merge", OWN, {}),
        (Queueing("default"), "chunks", {}, {LABEL_QUEUE: "default"}),
        (Queueing("default"), "chunks", OWN, OWN),
        (Queueing("default"), "sweep", {}, {}),
        (ALL, "chunks", {}, {}),
        (ALL, "prepare", OWN, OWN),
        (ALL, "merge", OWN, OWN),
        (NAMED, "sweep", {}, {LABEL_QUEUE: "default"}),
        (NAMED, "prepare", OWN, OWN),
        (NAMED, "merge", OWN, {LABEL_QUEUE: "books", LABEL_PRIORITY: "high"}),
        (NAMED, "merge", {}, {LABEL_QUEUE: "default", LABEL_PRIORITY: "high"}),
    ],
)
def test_the_queue_of_the_pdfjob_and_the_priority_of_the_administrator_take_precedence(
    queueing: Queueing, stage: str, own: dict[str, str], labels: dict[str, str]
) -> None:
    assert queue_labels(queueing, stage, own) == labels


def test_every_job_of_a_pdfjob_waits_in_the_queue_if_kueue_manages_all_jobs() -> None:
    settings, pdfjob = replace(SETTINGS, queueing=NAMED), in_queue(make_pdfjob(), "books")
    jobs = [
        prepare_job(pdfjob, settings, seconds=60),
        chunks_job(pdfjob, settings, total=4, pages=120, seconds=60),
        merge_job(pdfjob, settings, unfinished=None, seconds=60),
    ]

    assert [(job["spec"]["suspend"], job["metadata"]["labels"][LABEL_QUEUE]) for job in jobs] == [(True, "books")] * 3
    pods = [job["spec"]["template"]["metadata"]["labels"] for job in jobs]
    assert not any(label.startswith("kueue") for labels in pods for label in labels)  # Kueue would manage pods, too


def test_a_job_without_a_queue_is_not_suspended() -> None:
    assert "suspend" not in prepare_job(in_queue(make_pdfjob(), "books"), SETTINGS, seconds=60)["spec"]
