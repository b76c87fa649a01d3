"""The operator dies, twice at once, frozen, replaced: what a PdfJob comes to does not depend on it."""

import signal

import pytest

from tools.control_plane.arena import Arena
from tools.control_plane.plan import BEGIN, Plan


PASSES = "pdfjob_reconcile_duration_seconds_count"


@pytest.mark.parametrize("meanwhile", [True, False], ids=["and the work goes on meanwhile", "and the work waits"])
@pytest.mark.parametrize(
    ("phase", "held"), [("Pending", BEGIN), ("Preparing", "prepare"), ("Processing", "chunks"), ("Merging", "merge")]
)
def test_an_operator_killed_in_any_phase_is_only_late(arena: Arena, phase: str, held: str, *, meanwhile: bool) -> None:
    """Proves that nothing is remembered outside the cluster, and that names of Jobs come out the same again."""
    first = arena.operator()
    arena.create("job", Plan(holds=frozenset({held})))
    arena.until_phase("job", phase)

    stage = "prepare" if held == BEGIN else held
    if meanwhile:
        arena.until(lambda: bool(arena.jobs(stage)), f"there is a Job for {stage}")
    first.kill()
    if meanwhile:
        arena.release("job", held)
        arena.until(lambda: any(it.ended for it in arena.jobs(stage)), f"{stage} has ended")
    second = arena.operator()
    second.wait_ready()
    if not meanwhile:
        arena.release("job", held)

    assert arena.end_of("job") == "Succeeded"
    arena.check()


def test_the_second_operator_waits_until_the_first_is_dead(arena: Arena) -> None:
    """Proves that the Lease keeps all but one from making passes, and that it is not kept by the dead."""
    lease = {"PDFJOB_LEASE": f"{arena.namespace}/pdfjob"}
    first = arena.operator(**lease)
    first.wait_ready()
    second = arena.operator(**lease)
    arena.create("job", Plan(holds=frozenset({"chunks"})))
    arena.until_phase("job", "Processing")
    second.wait_alive()
    second.wait_metric("pdfjob_workqueue_depth", 1)  # it knows of the job

    assert first.metric(PASSES) > 0
    assert second.metric(PASSES) == 0
    first.kill()
    arena.release("job", "chunks")

    assert arena.end_of("job") == "Succeeded"
    assert second.metric(PASSES) > 0
    arena.check()


def test_two_operators_without_a_lease_do_no_harm(arena: Arena) -> None:
    """Proves that the Lease is a courtesy: names of Jobs and resourceVersions are what keeps two from doing harm."""
    operators = [arena.operator(), arena.operator()]
    for operator in operators:
        operator.wait_ready()
    names = [f"job-{number}" for number in range(8)]
    for name in names:
        arena.create(name)

    assert [arena.end_of(name) for name in names] == ["Succeeded"] * len(names)
    assert all(it.metric(PASSES) > 0 for it in operators)
    arena.check()


def test_an_operator_that_was_frozen_finds_itself_replaced_and_ends(arena: Arena) -> None:
    """Proves that whoever lost the Lease while it stood still ends, and writes nothing of what it believed before."""
    lease = {"PDFJOB_LEASE": f"{arena.namespace}/pdfjob"}
    first = arena.operator(**lease)
    first.wait_ready()
    arena.create("ended", Plan(holds=frozenset({"merge"})))
    arena.create("at-work", Plan(holds=frozenset({"chunks"})))
    arena.until_phase("ended", "Merging")
    arena.until_phase("at-work", "Processing")

    first.send(signal.SIGSTOP)
    second = arena.operator(**lease)
    second.wait_ready()
    arena.release("ended", "merge")
    assert arena.end_of("ended") == "Succeeded"
    # Of a Job, its own controller has the last word, a moment after the operator has seen how its pod ended.
    arena.kubectl.run("wait", "jobs", "--selector=pdfjob.dev/stage=merge", "--for=condition=Complete", "--timeout=60s")
    before = {it["metadata"]["name"]: it["metadata"]["resourceVersion"] for it in arena.kubectl.get("pdfjobs,jobs")}
    second.send(signal.SIGSTOP)  # whatever is written now is not written by this one
    first.send(signal.SIGCONT)

    assert first.exit_code() == 1
    assert "holds the lease" in first.log.read_text()
    now = {it["metadata"]["name"]: it["metadata"]["resourceVersion"] for it in arena.kubectl.get("pdfjobs,jobs")}
    assert now == before
    second.send(signal.SIGCONT)
    arena.release("at-work", "chunks")
    assert arena.end_of("at-work") == "Succeeded"
    arena.check()
