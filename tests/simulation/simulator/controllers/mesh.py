"""The admission webhook of a service mesh, which puts a container before those of each pod, as Istio's does."""

from simulation.simulator.kinds import PODS, Manifest, Ref
from simulation.simulator.store import Store


PROXY = "istio-proxy"


def inject_proxies(store: Store) -> None:
    """Have the webhook change each pod that is created from now on."""

    def mutate(ref: Ref, raw: Manifest) -> None:
        names = [container["name"] for container in raw["spec"].get("containers", ())] if ref.kind is PODS else []
        if names and PROXY not in names:
            raw["spec"]["containers"].insert(0, {"name": PROXY})

    store.admission.append(mutate)
