"""What a test has: a namespace, plans for its PdfJobs, operators to start and kill, and the log of all events."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.control_plane.api import Manifest
from tools.control_plane.event_log import ENDED, EventLog, Seen
from tools.control_plane.fake_pods import HeldPlan
from tools.control_plane.process import OperatorProcess
from tools.control_plane.world import World
from tools.kubectl.client import Kubectl
from tools.kubectl.manifests import pdfjob


class Harness:
    """A namespace.

    Attributes:
        kubectl: A user's kubectl in it.
        namespace: Its name.

    Args:
        kubectl: The same.
        world: Who plays the rest.
        kubeconfig: Of its cluster.
        logs: A folder for the operators' logs.
    """

    def __init__(self, kubectl: Kubectl, world: World, kubeconfig: Path, logs: Path) -> None:
        self.kubectl = kubectl
        self.namespace = kubectl.namespace
        self._world = world
        self._kubeconfig = kubeconfig
        self._logs = logs
        self._operators: list[OperatorProcess] = []

    @property
    def event_log(self) -> EventLog:
        """What happened."""
        return self._world.event_log

    def operator(self, **environment: str) -> OperatorProcess:
        """Start an operator for this namespace; the settings of a test may replace these."""
        settings = {
            "PDFJOB_WATCH_NAMESPACES": self.namespace,
            "PDFJOB_LEASE": "",
            "PDFJOB_RESYNC_PERIOD_SECONDS": "30",
            "PDFJOB_WORKSPACE_RETENTION_SECONDS": "600",
            **environment,
        }
        operator = OperatorProcess(self._kubeconfig, self._logs / f"operator-{len(self._operators)}.log", settings)
        self._operators.append(operator)
        return operator

    def close(self) -> None:
        """End what was started."""
        for operator in self._operators:
            operator.end()

    def create(
        self, name: str, plan: HeldPlan | None = None, *, annotations: dict[str, str] | None = None, **spec: Any
    ) -> str:
        """Create a PdfJob with a plan, and return its uid."""
        self.plan(name, plan or HeldPlan())
        manifest = pdfjob(name, "a.pdf", chunking={"pagesPerChunk": 1}, **spec)
        manifest["metadata"]["annotations"] = annotations or {}
        return str(self.make(manifest)["metadata"]["uid"])

    def plan(self, name: str, plan: HeldPlan) -> None:
        """What happens to a PdfJob; to be said before it is created."""
        self._world.plan(self.namespace, name, plan)

    def make(self, manifest: Manifest) -> Manifest:
        """Create an object (`kubectl apply` would copy it into an annotation, for which there may be no room)."""
        made: Manifest = json.loads(
            self.kubectl.run("create", "--filename=-", "--output=json", stdin=json.dumps(manifest))
        )
        return made

    def make_all(self, manifests: list[Manifest]) -> None:
        """Create many objects with one call."""
        items = {"apiVersion": "v1", "kind": "List", "items": manifests}
        self.kubectl.run("create", "--filename=-", stdin=json.dumps(items))

    def release(self, name: str, what: str) -> None:
        """Let go what a plan held."""
        self._world.release(self.namespace, name, what)

    def history(self, name: str) -> list[Seen]:
        """The states of a PdfJob."""
        return self.event_log.of(self.namespace, "PdfJob", name)

    def jobs(self, stage: str) -> list[Seen]:
        """The states of a stage's Jobs."""
        return [it for it in self.event_log.of(self.namespace, "Job") if it.part[1] == stage]

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until a condition holds."""
        self.event_log.until(condition, what)

    def until_phase(self, name: str, *phases: str) -> str:
        """Wait until a PdfJob has been in one of these phases; returns the last one it was in."""
        self.until(lambda: any(it.phase in phases for it in self.history(name)), f"{name} is in {phases}")
        return self.history(name)[-1].phase

    def end_of(self, name: str) -> str:
        """Wait until a PdfJob has ended, and return how."""
        return self.until_phase(name, *ENDED)

    def check(self, *, deleted_jobs: bool = False) -> None:
        """Judge what happened, once the event log has all of it until now."""
        versions = {it["metadata"]["name"]: it["metadata"]["resourceVersion"] for it in self.kubectl.get("pdfjobs")}
        for name, version in versions.items():
            self.until(lambda name=name, version=version: self.history(name)[-1].version >= int(version), "all is told")  # type: ignore[misc]
        self.event_log.check(self.namespace, deleted_jobs=deleted_jobs)
