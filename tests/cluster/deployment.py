"""The operator's Deployment, changed for the time of a block: scaled to nothing, or with other settings."""

from collections.abc import Iterator
from contextlib import contextmanager

from tools.kubectl.client import OPERATOR, PATIENCE_SECONDS, Kubectl


DEPLOYMENT = "deployment/pdfjob-pdfjob-operator"


@contextmanager
def operator_away(operator: Kubectl) -> Iterator[None]:
    """No operator runs during the block; afterwards one is in charge again."""
    operator.run("scale", DEPLOYMENT, "--replicas=0")
    try:
        operator.wait("pods", "delete", OPERATOR)
        yield
    finally:
        operator.run("scale", DEPLOYMENT, "--replicas=1")
        operator.run("rollout", "status", DEPLOYMENT, f"--timeout={PATIENCE_SECONDS}s")


@contextmanager
def operator_with(operator: Kubectl, **environment: str) -> Iterator[None]:
    """The operator has other values of these environment variables during the block."""
    (container,) = operator.get(DEPLOYMENT)["spec"]["template"]["spec"]["containers"]
    before = {it["name"]: it.get("value") for it in container["env"]}
    _set(operator, environment)
    try:
        yield
    finally:
        _set(operator, {name: before.get(name) for name in environment})


def _set(operator: Kubectl, environment: dict[str, str] | dict[str, str | None]) -> None:
    changes = [f"{name}-" if value is None else f"{name}={value}" for name, value in environment.items()]
    operator.run("set", "env", DEPLOYMENT, *changes)
    operator.run("rollout", "status", DEPLOYMENT, f"--timeout={PATIENCE_SECONDS}s")
