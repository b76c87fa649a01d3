"""The operator dies, twice at once, frozen, replaced: what a PdfJob comes to does not depend on it."""

import signal

import pytest

from tools.control_plane.fake_pods import BEGIN, HeldPlan
from tools.control_plane.harness import Harness


PASSES = "pdfjob_reconcile_duration_seconds_count"


@pytest.mark.parametrize("meanwhile", [True, False], ids=["and the work goes on meanwhile", "and the work waits"])
@pytest.mark.parametrize(
    ("phase", "held"), [("Pending", BEGIN), ("Preparing", "prepare"), ("Processing", "chunks"), ("Merging", "merge")]
)
def test_an_operator_killed_in_any_phase_is_only_late(
    harness: Harness, phase: str, held: str, *, meanwhile: bool
) -> None:
    """Proves that nothing is remembered outside the cluster, and that names of Jobs come out the same again."""
    first = harness.operator()
    harness.create("job", HeldPlan(holds=frozenset({held})))
    harness.until_phase("job", phase)

    stage = "prepare" if held == BEGIN else held
    if meanwhile:
        harness.until(lambda: bool(harness.jobs(stage)), f"there is a Job for {stage}")
    first.kill()
    if meanwhile:
        harness.release("job", held)
        harness.until(lambda: any(it.ended for it in harness.jobs(stage)), f"{stage} has ended")
    second = harness.operator()
    second.wait_ready()
    if not meanwhile:
        harness.release("job", held)

    assert harness.end_of("job") == "Succeeded"
    harness.check()


def test_the_second_operator_waits_until_the_first_is_dead(harness: Harness) -> None:
    """Proves that the Lease keeps all but one from making passes, and that it is not kept by the dead."""
    lease = {"PDFJOB_LEASE": f"{harness.namespace}/pdfjob"}
    first = harness.operator(**lease)
    first.wait_ready()
    second = harness.operator(**lease)
    harness.create("job", HeldPlan(holds=frozenset({"chunks"})))
    harness.until_phase("job", "Processing")
    second.wait_alive()
    second.wait_metric("pdfjob_workqueue_depth", 1)  # it knows of the job

    assert first.metric(PASSES) > 0
    assert second.metric(PASSES) == 0
    first.kill()
    harness.release("job", "chunks")

    assert harness.end_of("job") == "Succeeded"
    assert second.metric(PASSES) > 0
    harness.check()


def test_two_operators_without_a_lease_do_no_harm(harness: Harness) -> None:
    """Proves that the Lease is a courtesy: names of Jobs and resourceVersions are what keeps two from doing harm."""
    operators = [harness.operator(), harness.operator()]
    for operator in operators:
        operator.wait_ready()
    names = [f"job-{number}" for number in range(8)]
    for name in names:
        harness.create(name)

    assert [harness.end_of(name) for name in names] == ["Succeeded"] * len(names)
    for operator in operators:
        operator.wait_metric(PASSES, 1)
    harness.check()


def test_an_operator_that_was_frozen_finds_itself_replaced_and_ends(harness: Harness) -> None:
    """Proves that whoever lost the Lease while it stood still ends, and writes nothing of what it believed before."""
    lease = {"PDFJOB_LEASE": f"{harness.namespace}/pdfjob"}
    first = harness.operator(**lease)
    first.wait_ready()
    harness.create("ended", HeldPlan(holds=frozenset({"merge"})))
    harness.create("at-work", HeldPlan(holds=frozenset({"chunks"})))
    harness.until_phase("ended", "Merging")
    harness.until_phase("at-work", "Processing")

    first.send(signal.SIGSTOP)
    second = harness.operator(**lease)
    second.wait_ready()
    harness.release("ended", "merge")
    assert harness.end_of("ended") == "Succeeded"
    second.send(signal.SIGSTOP)  # whatever is written now is not written by this one
    harness.release("at-work", "chunks")  # so that there is something to write: a merge Job, and a status
    # Of a Job, its own controller has the last word, a moment after the operator has seen how its pod ended.
    harness.kubectl.wait("jobs", "condition=Complete", "--selector=pdfjob.dev/stage in (chunks,merge)")
    before = {it["metadata"]["name"]: it["metadata"]["resourceVersion"] for it in harness.kubectl.get("pdfjobs,jobs")}
    first.send(signal.SIGCONT)

    assert first.exit_code() == 1
    assert "holds the lease" in first.log.read_text()
    now = {it["metadata"]["name"]: it["metadata"]["resourceVersion"] for it in harness.kubectl.get("pdfjobs,jobs")}
    assert now == before
    second.send(signal.SIGCONT)
    assert harness.end_of("at-work") == "Succeeded"
    harness.check()
