"""The operator's configuration: what a cluster's administrator decides, and a PdfJob's author cannot."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lightkube.utils.quantity import parse_quantity

from pdfjob_operator.configuration.prices import NO_PRICES, Prices


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
        pod_labels: More labels of the Jobs and pods that the operator makes; its own win.
        resources: Of every pod that the operator makes.
        max_memory: Bytes to which the memory limit of a pod may be raised after it was killed for using too much.
        resync_period_seconds: Between two listings of everything.
        workspace_retention_seconds: How long what a deleted PdfJob left on its volume stays there at least.
        gemini_base_url: Where the Gemini API is; empty for its usual place.
        gemini_requests_per_minute: How many requests all pods with one API key may send; `None` for no limit.
        gemini_tokens_per_minute: How many tokens they may use; `None` for no limit.
        redis_url: The Redis that pods share, if there is one without a password.
        redis_secret: The Secret that holds its URL, and the key in it, in each PdfJob's own namespace.
        prices: What a model's tokens cost.
        lease: Namespace and name of the Lease that only one operator holds; empty to do without.
        health_port: Where `/healthz` answers.
        log_json: JSON log lines instead of plain ones.
    """

    runner_image: str
    workspace_claim: str = "pdfjob-workspace"
    namespaces: tuple[str, ...] = ()
    image_pull_policy: str = "IfNotPresent"
    image_pull_secrets: tuple[str, ...] = ()
    pod_labels: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, Any] = field(default_factory=lambda: DEFAULT_RESOURCES)
    max_memory: int = 4 * 2**30
    resync_period_seconds: int = 120
    workspace_retention_seconds: int = 300
    gemini_base_url: str = ""
    gemini_requests_per_minute: int | None = None
    gemini_tokens_per_minute: int | None = None
    redis_url: str = ""
    redis_secret: tuple[str, str] | None = None
    prices: Prices = NO_PRICES
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
                    "resync_period_seconds": ("PDFJOB_RESYNC_PERIOD_SECONDS", cls.resync_period_seconds),
                    "workspace_retention_seconds": (
                        "PDFJOB_WORKSPACE_RETENTION_SECONDS",
                        cls.workspace_retention_seconds,
                    ),
                }.items()
            }
            for kind in ("limits", "requests"):
                _bytes(resources.get(kind, {}).get("memory"))
            max_memory = _bytes(env.get("PDFJOB_MAX_MEMORY") or None) or cls.max_memory
        except (ValueError, AttributeError) as error:
            raise SettingsError(
                "PDFJOB_RESOURCES holds JSON, PDFJOB_MAX_MEMORY a quantity such as 4Gi, and PDFJOB_HEALTH_PORT,"
                f" PDFJOB_RESYNC_PERIOD_SECONDS and PDFJOB_WORKSPACE_RETENTION_SECONDS whole numbers: {error}."
            ) from error
        lease = env.get("PDFJOB_LEASE", "")
        if lease and not all(lease.partition("/")):
            raise SettingsError(f"PDFJOB_LEASE is “{lease}”: it holds a namespace and a name, with a / between them.")
        try:
            prices = Prices.parse(env.get("PDFJOB_PRICES", ""))
        except ValueError as error:
            raise SettingsError(f"PDFJOB_PRICES holds the price table as JSON: {error}.") from error
        return cls(
            runner_image=image,
            workspace_claim=env.get("PDFJOB_WORKSPACE_CLAIM") or cls.workspace_claim,
            namespaces=_names(env.get("PDFJOB_NAMESPACES", "")),
            image_pull_policy=env.get("PDFJOB_IMAGE_PULL_POLICY") or cls.image_pull_policy,
            image_pull_secrets=_names(env.get("PDFJOB_IMAGE_PULL_SECRETS", "")),
            pod_labels=_labels(env.get("PDFJOB_POD_LABELS", "")),
            resources=resources,
            max_memory=max_memory,
            gemini_base_url=env.get("PDFJOB_GEMINI_BASE_URL", ""),
            gemini_requests_per_minute=_limit(env, "PDFJOB_GEMINI_REQUESTS_PER_MINUTE"),
            gemini_tokens_per_minute=_limit(env, "PDFJOB_GEMINI_TOKENS_PER_MINUTE"),
            redis_url=_redis_url(env.get("PDFJOB_REDIS_URL", "")),
            redis_secret=_secret(env, "PDFJOB_REDIS_SECRET"),
            prices=prices,
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


def _redis_url(url: str) -> str:
    if url and not url.startswith(("redis://", "rediss://")):  # it is not shown: it may hold a password
        raise SettingsError("PDFJOB_REDIS_URL begins with redis:// or rediss://, as in redis://host:6379.")
    return url


def _bytes(quantity: object) -> int | None:
    """A quantity in bytes, which JSON may hold as a number, too."""
    number = parse_quantity(None if quantity is None else str(quantity))
    return None if number is None else int(number)


def _limit(env: Mapping[str, str], variable: str) -> int | None:
    text = env.get(variable, "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or int(text) < 1:
        raise SettingsError(f"{variable} is “{text}”: it holds a whole number, 1 or more, or nothing for no limit.")
    return int(text)


def _secret(env: Mapping[str, str], variable: str) -> tuple[str, str] | None:
    text = env.get(variable, "")
    name, _, key = text.partition("/")
    if not text:
        return None
    if not name or not key or "/" in key:
        raise SettingsError(f"{variable} is “{text}”: it holds a Secret's name and a key in it, with a / between them.")
    return name, key


def _labels(text: str) -> dict[str, str]:
    try:
        labels = json.loads(text or "{}")
    except ValueError as error:
        raise SettingsError(f"PDFJOB_POD_LABELS holds labels as JSON: {error}.") from error
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        raise SettingsError(f'PDFJOB_POD_LABELS is “{text}”: it holds labels as JSON, as in {{"team": "books"}}.')
    return labels


def _mebibytes(number: int) -> str:
    return f"{number // 2**20}Mi"


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
