"""The end of a history: whether it has come, and whether what is left in the cluster keeps the promises.

Knows nothing of how a history is played.
"""

from datetime import datetime, timedelta

from pdfjob_operator.objects.labels import LABEL_UID
from pdfjob_operator.runtime.leader_election import LeadershipLostError
from simulation.invariants import ENDED, unfinished_jobs, wants_retry
from simulation.simulator.controllers.jobs import PHASE_SECONDS
from simulation.simulator.controllers.kueue import LABEL_QUEUE
from simulation.simulator.journal import USER, Change
from simulation.simulator.kinds import CLAIMS, JOBS, PDFJOBS, PODS, Manifest
from simulation.world import Simulation


def is_through(raw: Manifest) -> bool:
    """Return whether a PdfJob has ended, or its owner has suspended it."""
    if raw.get("status", {}).get("phase") in ENDED:
        return not wants_retry(raw)
    return bool(raw["spec"].get("suspend"))


def judge_what_is_left(sim: Simulation) -> None:
    """Judge a cluster in which nothing has happened for a while: nothing runs that nobody wants."""
    for raw in sim.store.all(PDFJOBS):
        jobs = unfinished_jobs(sim.store, raw)
        if raw.get("status", {}).get("phase") in ENDED:
            left = [it for it in jobs if not _suspended_at_the_end(sim, it, raw)]
            assert not left, f"{raw['metadata']['name']} has ended, and its Jobs have not\n{sim.told()}"
            _judge_outcome(sim, raw)
        else:
            running = [
                it for it in jobs if not it["spec"].get("suspend") and LABEL_QUEUE not in it["metadata"]["labels"]
            ]
            assert not running, f"{raw['metadata']['name']} is suspended, and its Jobs run\n{sim.told()}"
    for operator in sim.operators:
        assert all(isinstance(it, LeadershipLostError) for it in operator.exits), sim.told()


def _suspended_at_the_end(sim: Simulation, job: Manifest, pdfjob: Manifest) -> bool:
    """Whether somebody suspended a Job when its PdfJob had ended, and its pod did not count yet.

    The operator reads no Jobs of a PdfJob that has ended, and so does not delete this one.
    """
    changes = [it for it in sim.store.journal if it.ref.kind in (JOBS, PDFJOBS)]
    suspended = [it.time for it in changes if _is_of(it, job) and it.how.by == USER and it.after["spec"].get("suspend")]
    statuses = [it.after.get("status", {}) for it in changes if _is_of(it, pdfjob)]
    ends = {datetime.fromisoformat(it["completionTime"]) for it in statuses if "completionTime" in it}
    window = timedelta(seconds=PHASE_SECONDS + 1)  # of which one is for the fraction that the status leaves out
    return any(timedelta(0) <= time - end <= window for time in suspended for end in ends)


def _is_of(change: Change, raw: Manifest) -> bool:
    return bool(change.after["metadata"]["uid"] == raw["metadata"]["uid"])


def awaits_collection(sim: Simulation) -> bool:
    """Return whether an owner was deleted a moment ago, and what it owned is still there."""
    living = {raw["metadata"]["uid"] for kind in (PDFJOBS, JOBS) for raw in sim.store.all(kind)}
    owned = [*sim.store.all(JOBS), *sim.store.all(PODS), *sim.store.all(CLAIMS)]
    return any(ref["uid"] not in living for raw in owned for ref in raw["metadata"].get("ownerReferences", ()))


def _judge_outcome(sim: Simulation, raw: Manifest) -> None:
    """Judge the end of a PdfJob by its volume: it succeeds with an output, and fails without one, or out of time."""
    status, workspace = raw["status"], sim.volume.workspaces.get(raw["metadata"]["uid"])
    has_output = workspace is not None and workspace.merged is not None
    reason = next((it["reason"] for it in status["conditions"] if it["type"] == "Failed"), "")
    if status["phase"] == "Succeeded":
        assert has_output, f"{raw['metadata']['name']} has succeeded without an output\n{sim.told()}"
    else:
        is_late = reason == "DeadlineExceeded"
        assert is_late or not has_output, f"{raw['metadata']['name']} has failed, and has an output\n{sim.told()}"


def has_orphans(sim: Simulation) -> bool:
    """Return whether a workspace is left of a deleted PdfJob; one on a claim of its own goes with the claim."""
    living = {raw["metadata"]["uid"] for raw in sim.store.all(PDFJOBS)}
    deleted = (it.after for it in sim.store.journal if it.ref.kind is CLAIMS and it.type == "DELETED")
    return bool(sim.volume.workspaces.keys() - living - {raw["metadata"]["labels"][LABEL_UID] for raw in deleted})
