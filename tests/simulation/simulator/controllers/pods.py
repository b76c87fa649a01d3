"""The pods of Jobs: as the Job controller creates them, and as the kubelet writes their status. Knows no time."""

import copy

from simulation.simulator.journal import By, How
from simulation.simulator.kinds import PODS, Manifest, Ref, ref_of
from simulation.simulator.store import Store


CONTROLLER, _KUBELET = By("job controller"), By("kubelet")


def create_pod(store: Store, job: Manifest, index: int, waiting: str) -> Ref:
    """Create the pod of an index of a Job, which waits for this reason."""
    meta, template = job["metadata"], job["spec"]["template"]
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": meta["name"], "uid": meta["uid"], "controller": True}
    labels = {**template["metadata"].get("labels", {}), "batch.kubernetes.io/job-name": meta["name"]}
    pod = copy.deepcopy({"metadata": {**template["metadata"], "labels": labels}, "spec": template["spec"]})
    annotations = {**template["metadata"].get("annotations", {})}
    if job["spec"].get("completionMode") == "Indexed":
        annotations["batch.kubernetes.io/job-completion-index"] = str(index)
    pod["metadata"] |= {"generateName": f"{meta['name']}-", "ownerReferences": [owner], "annotations": annotations}
    made = store.create(Ref(PODS, meta["namespace"], ""), pod, CONTROLLER)
    ref = ref_of(PODS, made)
    show_pod(store, ref, "Pending", {"waiting": {"reason": waiting}})
    return ref


def show_pod(store: Store, pod: Ref, phase: str, state: Manifest | None = None) -> None:
    """Write a pod's phase, and the state of its container if that is new, unless somebody deleted the pod.

    The Job's container is the last: an admission webhook puts others before it, which run until the pod ends.
    """
    raw = next((it for it in store.all(PODS, pod.namespace) if ref_of(PODS, it) == pod), None)
    if raw is None:
        return
    status: Manifest = {"phase": phase}
    if state is not None:
        *others, own = (it["name"] for it in raw["spec"]["containers"])
        running = [{"name": name, "state": {"running": {}}} for name in others]
        status["containerStatuses"] = [*running, {"name": own, "state": state}]
    store.patch(pod, {"status": status}, How("patch", "status", _KUBELET))
