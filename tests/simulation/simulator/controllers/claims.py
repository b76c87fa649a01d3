"""A provisioner, as the operator sees it: a claim gets its volume some time after the first pod that mounts it."""

import asyncio

from simulation.simulator.journal import By, How
from simulation.simulator.kinds import CLAIMS, PODS, Manifest, Ref, ref_of
from simulation.simulator.store import Store


PROVISION_SECONDS = 3
"""Between the first pod that mounts a claim and the claim's volume."""

UNAVAILABLE = "unavailable"
"""A storage class that has no provisioner, so that its claims never get a volume."""

_BIND = How("patch", "status", By("provisioner"))


async def provision(store: Store) -> None:
    """Bind claims, until cancelled."""
    while True:
        await store.change()
        if any(_is_wanted(store, claim) for claim in store.all(CLAIMS)):
            await asyncio.sleep(PROVISION_SECONDS)
            for claim in filter(lambda claim: _is_wanted(store, claim), store.all(CLAIMS)):
                status = {"phase": "Bound", "accessModes": claim["spec"]["accessModes"]}
                store.patch(ref_of(CLAIMS, claim), {"status": status}, _BIND)


def waits_for_volume(store: Store, job: Manifest) -> bool:
    """Return whether a claim that the pods of a Job mount exists and has no volume."""
    namespace = job["metadata"]["namespace"]
    mounted = {Ref(CLAIMS, namespace, name) for name in _mounted(job["spec"].get("template", {}))}
    return any(ref_of(CLAIMS, claim) in mounted and not _is_bound(claim) for claim in store.all(CLAIMS, namespace))


def _is_wanted(store: Store, claim: Manifest) -> bool:
    """Return whether a claim has a pod, but no volume yet."""
    meta = claim["metadata"]
    if _is_bound(claim) or claim["spec"].get("storageClassName") == UNAVAILABLE:
        return False
    return any(meta["name"] in _mounted(pod) for pod in store.all(PODS, meta["namespace"]))


def _is_bound(claim: Manifest) -> bool:
    return bool(claim.get("status", {}).get("phase") == "Bound")


def _mounted(pod: Manifest) -> list[str]:
    volumes = pod.get("spec", {}).get("volumes", ())
    return [volume["persistentVolumeClaim"]["claimName"] for volume in volumes if "persistentVolumeClaim" in volume]
