"""The operator's configuration: what a cluster's administrator decides, and a PdfJob's author cannot."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


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
        health_port: Where `/healthz` answers.
        log_json: JSON log lines instead of plain ones.
    """

    runner_image: str
    workspace_claim: str = "pdfjob-workspace"
    namespaces: tuple[str, ...] = ()
    image_pull_policy: str = "IfNotPresent"
    image_pull_secrets: tuple[str, ...] = ()
    resources: Mapping[str, Any] = field(default_factory=lambda: DEFAULT_RESOURCES)
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
            resources = json.loads(env.get("PDFJOB_RESOURCES", "null")) or DEFAULT_RESOURCES
            port = int(env.get("PDFJOB_HEALTH_PORT", "8080"))
        except ValueError as error:
            raise SettingsError(f"PDFJOB_RESOURCES holds JSON and PDFJOB_HEALTH_PORT a number: {error}.") from error
        return cls(
            runner_image=image,
            workspace_claim=env.get("PDFJOB_WORKSPACE_CLAIM") or cls.workspace_claim,
            namespaces=_names(env.get("PDFJOB_NAMESPACES", "")),
            image_pull_policy=env.get("PDFJOB_IMAGE_PULL_POLICY") or cls.image_pull_policy,
            image_pull_secrets=_names(env.get("PDFJOB_IMAGE_PULL_SECRETS", "")),
            resources=resources,
            health_port=port,
            log_json=env.get("PDFJOB_LOG_FORMAT", "console") == "json",
        )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
