"""The operator's configuration: what a cluster's administrator decides, and a PdfJob's author cannot."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lightkube.utils.quantity import parse_quantity


DEFAULT_RESOURCES = {
    "requests": {"cpu": "100m", "memory": "128Mi"},
    "limits": {"memory": "1Gi"},
}


class SettingsError(Exception):
    """The environment does not hold a usable configuration."""


@dataclass(frozen=True)
class Settings:
    """The configuration, read once at start.

    Attributes:
        runner_image: Image of the pods that the operator makes.
        workspace_claim: The claim that holds workspaces, where a PdfJob names none; in each PdfJob's own namespace.
        namespaces: Watched namespaces; empty for the whole cluster.
        image_pull_policy: Of the runner image.
        image_pull_secrets: Names of Secrets in the PdfJob's namespace, for the runner image.
        resources: Of every pod that the operator makes.
        max_memory: Bytes to which the memory limit of a pod may be raised after it was killed for using too much.
        resync_seconds: Between two listings of everything.
        sweep_seconds: How long what a deleted PdfJob left on its volume stays there at least.
        lease: Namespace and name of the Lease that only one operator holds; empty to do without.
        health_port: Where `/healthz` answers.
        log_json: JSON log lines instead of plain ones.
    """

    runner_image: str
    workspace_claim: str = "pdfjob-workspace"
    namespaces: tuple[str, ...] = ()
    image_pull_policy: str = "IfNotPresent"
    image_pull_secrets: tuple[str, ...] = ()
    resources: Mapping[str, Any] = field(default_factory=lambda: DEFAULT_RESOURCES)
    max_memory: int = 4 * 2**30
    resync_seconds: int = 120
    sweep_seconds: int = 300
    lease: str = ""
    health_port: int = 8080
    log_json: bool = False

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Settings:
        """Read the configuration from `PDFJOB_…` variables; the chart sets them.

        Raises:
            SettingsError: A variable is missing or malformed; the message names it.
        """
        image = env.get("PDFJOB_RUNNER_IMAGE", "")
        if not image:
            raise SettingsError("PDFJOB_RUNNER_IMAGE is not set: it names the image of the pods that process PDFs.")
        try:
            given = json.loads(env.get("PDFJOB_RESOURCES") or "null")
            resources = DEFAULT_RESOURCES if given is None else given
            numbers = {
                field: int(env.get(variable) or default)
                for field, (variable, default) in {
                    "health_port": ("PDFJOB_HEALTH_PORT", cls.health_port),
                    "resync_seconds": ("PDFJOB_RESYNC_SECONDS", cls.resync_seconds),
                    "sweep_seconds": ("PDFJOB_SWEEP_SECONDS", cls.sweep_seconds),
                }.items()
            }
            _bytes(resources.get("limits", {}).get("memory"))
            max_memory = _bytes(env.get("PDFJOB_MAX_MEMORY") or None) or cls.max_memory
        except (ValueError, AttributeError) as error:
            raise SettingsError(
                "PDFJOB_RESOURCES holds JSON, PDFJOB_MAX_MEMORY a quantity such as 4Gi, and PDFJOB_HEALTH_PORT,"
                f" PDFJOB_RESYNC_SECONDS and PDFJOB_SWEEP_SECONDS whole numbers: {error}."
            ) from error
        lease = env.get("PDFJOB_LEASE", "")
        if lease and not all(lease.partition("/")):
            raise SettingsError(f"PDFJOB_LEASE is “{lease}”: it holds a namespace and a name, with a / between them.")
        return cls(
            runner_image=image,
            workspace_claim=env.get("PDFJOB_WORKSPACE_CLAIM") or cls.workspace_claim,
            namespaces=_names(env.get("PDFJOB_NAMESPACES", "")),
            image_pull_policy=env.get("PDFJOB_IMAGE_PULL_POLICY") or cls.image_pull_policy,
            image_pull_secrets=_names(env.get("PDFJOB_IMAGE_PULL_SECRETS", "")),
            resources=resources,
            max_memory=max_memory,
            lease=lease,
            **numbers,
            log_json=env.get("PDFJOB_LOG_FORMAT", "console") == "json",
        )

    def resources_with(self, doublings: int) -> dict[str, Any]:
        """The resources of a pod whose memory is doubled so often, up to the maximum.

        Request and limit grow alike, so that the scheduler finds a node that has the memory.
        """
        limit = _bytes(self.resources.get("limits", {}).get("memory"))
        if not doublings or limit is None:
            return dict(self.resources)
        raised = max(min(limit * 2**doublings, self.max_memory), limit)
        request = _bytes(self.resources.get("requests", {}).get("memory")) or limit
        return {
            **self.resources,
            "requests": {**self.resources.get("requests", {}), "memory": _mebibytes(request * raised // limit)},
            "limits": {**self.resources["limits"], "memory": _mebibytes(raised)},
        }

    def can_double(self, doublings: int) -> bool:
        """Whether there is more memory to be had for a pod whose memory was doubled so often."""
        return self.resources_with(doublings + 1) != self.resources_with(doublings)


def _bytes(quantity: str | None) -> int | None:
    number = parse_quantity(quantity)
    return None if number is None else int(number)


def _mebibytes(number: int) -> str:
    return f"{number // 2**20}Mi"


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
