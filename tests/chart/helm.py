"""Helm on the chart, without a cluster."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


CHART = Path(__file__).parents[2] / "charts" / "pdfjob-operator"
CI = sorted((CHART / "ci").glob("*-values.yaml"))
RELEASE, NAMESPACE = "x", "books"
MONITORING = tuple(
    f"--api-versions=monitoring.coreos.com/v1/{it}" for it in ("ServiceMonitor", "PodMonitor", "PrometheusRule")
)
"""What a cluster with the Prometheus Operator knows."""

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Helm:
    """The program.

    Attributes:
        program: Where it is.
    """

    program: Path

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run it to its end, whatever it says."""
        return subprocess.run([self.program, *arguments], capture_output=True, text=True, check=False)

    def render(self, *arguments: str | Path, chart: Path = CHART, release: str = RELEASE) -> list[Manifest]:
        """The objects of the chart with these arguments."""
        done = self.template(*arguments, chart=chart, release=release)
        assert done.returncode == 0, done.stderr
        return [it for it in yaml.safe_load_all(done.stdout) if it]

    def refusal(self, *arguments: str | Path) -> str:
        """What it says against these arguments."""
        done = self.template(*arguments)
        assert done.returncode != 0
        return done.stderr

    def template(
        self, *arguments: str | Path, chart: Path = CHART, release: str = RELEASE
    ) -> subprocess.CompletedProcess[str]:
        """Render the chart."""
        # Without the version, helm assumes one of its own.
        common = (f"--namespace={NAMESPACE}", "--kube-version=1.34.0")
        return self.run("template", release, chart, *common, *arguments)


def values(file: Path) -> tuple[str, ...]:
    """The arguments for a file in the chart's `ci/`."""
    return f"--values={file}", *MONITORING


def one(manifests: list[Manifest], kind: str, name: str | None = None) -> Manifest:
    """The only object of a kind, or of that name."""
    (found,) = [it for it in manifests if it["kind"] == kind and name in (None, it["metadata"]["name"])]
    return found


def pods(manifests: list[Manifest]) -> dict[str, Manifest]:
    """The pods of the chart, as manifests with metadata and spec, by the name of what makes them."""
    return {
        it["metadata"]["name"]: it if it["kind"] == "Pod" else it["spec"]["template"]
        for it in manifests
        if it["kind"] in ("Pod", "Deployment", "StatefulSet", "DaemonSet", "Job")
    }


def environment(manifests: list[Manifest], deployment: str = f"{RELEASE}-pdfjob-operator") -> dict[str, str]:
    """The operator's environment."""
    (container,) = one(manifests, "Deployment", deployment)["spec"]["template"]["spec"]["containers"]
    return {it["name"]: it["value"] for it in container["env"]}
