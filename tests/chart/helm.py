"""Render the chart with Helm, without a cluster."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


PROJECT = Path(__file__).parents[2]
CHART = PROJECT / "charts" / "pdfjob-operator"
CI = sorted((CHART / "ci").glob("*-values.yaml"))
RELEASE, NAMESPACE = "x", "books"
OPERATOR = f"{RELEASE}-pdfjob-operator"
MONITORING = tuple(
    f"--api-versions=monitoring.coreos.com/v1/{kind}" for kind in ("ServiceMonitor", "PodMonitor", "PrometheusRule")
)
"""Arguments that announce the APIs of a cluster with the Prometheus Operator."""

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Helm:
    """The helm program.

    Attributes:
        program: Path of the program.
    """

    program: Path

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run the program to its end, whatever its exit code."""
        return subprocess.run([self.program, *arguments], capture_output=True, text=True, check=False)

    def render(self, *arguments: str | Path, chart: Path = CHART, release: str = RELEASE) -> list[Manifest]:
        """Return the objects of the chart."""
        done = self.template(*arguments, chart=chart, release=release)
        assert done.returncode == 0, done.stderr
        return [manifest for manifest in yaml.safe_load_all(done.stdout) if manifest]

    def refusal(self, *arguments: str | Path) -> str:
        """Return the error message for arguments that must be refused."""
        done = self.template(*arguments)
        assert done.returncode != 0
        return done.stderr

    def template(
        self, *arguments: str | Path, chart: Path = CHART, release: str = RELEASE
    ) -> subprocess.CompletedProcess[str]:
        """Run `helm template` on the chart."""
        # By default, Helm assumes the Kubernetes version that it was built for.
        common = (f"--namespace={NAMESPACE}", "--kube-version=1.34.0")
        return self.run("template", release, chart, *common, *arguments)


def values(file: Path) -> tuple[str, ...]:
    """Return the arguments for a values file in `ci/`."""
    return f"--values={file}", *MONITORING


def one(manifests: list[Manifest], kind: str, name: str | None = None) -> Manifest:
    """Return the only object of a kind, or the one with the given name."""
    (found,) = [
        manifest for manifest in manifests if manifest["kind"] == kind and name in (None, manifest["metadata"]["name"])
    ]
    return found


def pods(manifests: list[Manifest]) -> dict[str, Manifest]:
    """Return the pod templates of the chart by the name of the pod or its controller."""
    return {
        manifest["metadata"]["name"]: manifest if manifest["kind"] == "Pod" else manifest["spec"]["template"]
        for manifest in manifests
        if manifest["kind"] in ("Pod", "Deployment", "StatefulSet", "DaemonSet", "Job")
    }


def environment(manifests: list[Manifest], deployment: str = OPERATOR) -> dict[str, str]:
    """Return the environment variables of the operator."""
    (container,) = one(manifests, "Deployment", deployment)["spec"]["template"]["spec"]["containers"]
    return {variable["name"]: variable["value"] for variable in container["env"]}


def operator_of(manifests: list[Manifest]) -> str:
    """Return the name of the operator's Deployment."""
    return next(name for name in pods(manifests) if name in (OPERATOR, "pdfs"))
