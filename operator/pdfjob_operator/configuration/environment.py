"""Reads the settings from environment variables, and refuses what is not valid with a sentence that names the variable.

An empty variable counts as one that is not set, because a chart always renders all of them.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from pdfjob_operator.configuration import json_objects
from pdfjob_operator.configuration.pod_policy import PodPolicy
from pdfjob_operator.configuration.prices import Prices
from pdfjob_operator.configuration.queueing import Queueing
from pdfjob_operator.configuration.runner_pod import RunnerPod
from pdfjob_operator.configuration.settings import (
    DEFAULT_RESOURCES,
    QuantityError,
    Settings,
    parse_amount,
    parse_number,
)


if TYPE_CHECKING:
    from collections.abc import Mapping


class SettingsError(Exception):
    """An environment variable is missing or not valid; the message names it."""


_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
"""Format of the name of a namespace (RFC 1123)."""

_MAX_PORT = 65535

_StructureT = TypeVar("_StructureT", RunnerPod, PodPolicy, Queueing)


def load_settings(env: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from `PDFJOB_…` variables; docs/reference.md lists them.

    Raises:
        SettingsError: A variable is missing or not valid.
    """
    variables = _Variables(env)
    return Settings(
        runner_image=variables.required("PDFJOB_RUNNER_IMAGE", "the image of the pods that process PDFs"),
        image_pull_policy=variables.choice(
            "PDFJOB_RUNNER_IMAGE_PULL_POLICY", ("Always", "IfNotPresent", "Never"), Settings.image_pull_policy
        ),
        image_pull_secrets=variables.names("PDFJOB_RUNNER_IMAGE_PULL_SECRETS"),
        pod_labels=variables.labels("PDFJOB_POD_LABELS"),
        resources=variables.resources("PDFJOB_RUNNER_RESOURCES", DEFAULT_RESOURCES),
        runner_pod=variables.structured("PDFJOB_RUNNER_POD", RunnerPod),
        pod_policy=variables.pod_policy("PDFJOB_POD_POLICY"),
        queueing=variables.structured("PDFJOB_KUEUE", Queueing),
        max_memory=variables.size("PDFJOB_RUNNER_MAX_MEMORY", Settings.max_memory),
        max_storage=variables.size("PDFJOB_RUNNER_MAX_STORAGE", Settings.max_storage),
        namespaces=variables.namespaces("PDFJOB_WATCH_NAMESPACES"),
        workspace_claim=variables.text("PDFJOB_WORKSPACE_CLAIM") or Settings.workspace_claim,
        create_claims=variables.choice("PDFJOB_WORKSPACE_CREATE_PER_JOB", ("true", "false"), "true") == "true",
        workspace_size=variables.quantity("PDFJOB_WORKSPACE_SIZE", Settings.workspace_size),
        workspace_storage_class=variables.text("PDFJOB_WORKSPACE_STORAGE_CLASS"),
        workspace_access_mode=variables.choice(
            "PDFJOB_WORKSPACE_ACCESS_MODE", ("ReadWriteOnce", "ReadWriteMany"), Settings.workspace_access_mode
        ),
        max_workspace_size=variables.quantity("PDFJOB_WORKSPACE_MAX_SIZE", Settings.max_workspace_size),
        storage_classes=variables.names("PDFJOB_WORKSPACE_STORAGE_CLASSES"),
        workspace_retention_seconds=variables.number(
            "PDFJOB_WORKSPACE_RETENTION_SECONDS", Settings.workspace_retention_seconds
        ),
        early_merge=variables.choice("PDFJOB_EARLY_MERGE", ("true", "false"), "true") == "true",
        max_workers_per_job=variables.limit("PDFJOB_MAX_WORKERS_PER_JOB"),
        max_pdfjobs_per_namespace=variables.limit("PDFJOB_MAX_PDFJOBS_PER_NAMESPACE"),
        metrics_max_namespaces=variables.number(
            "PDFJOB_METRICS_MAX_NAMESPACES", Settings.metrics_max_namespaces, least=0
        ),
        resync_period_seconds=variables.number("PDFJOB_RESYNC_PERIOD_SECONDS", Settings.resync_period_seconds),
        gemini_base_url=variables.url("PDFJOB_GEMINI_BASE_URL", ("https", "http"), "https://gateway.example.com"),
        gemini_requests_per_minute=variables.limit("PDFJOB_GEMINI_REQUESTS_PER_MINUTE"),
        gemini_tokens_per_minute=variables.limit("PDFJOB_GEMINI_TOKENS_PER_MINUTE"),
        redis_url=variables.url("PDFJOB_REDIS_URL", ("redis", "rediss"), "redis://host:6379/0"),
        redis_secret=variables.pair("PDFJOB_REDIS_URL_SECRET", "the name of a Secret and a key in it, as name/key"),
        prices=variables.prices("PDFJOB_PRICES"),
        lease=variables.pair("PDFJOB_LEASE", "the namespace and name of a Lease, as namespace/name"),
        health_port=variables.port("PDFJOB_HEALTH_PORT", Settings.health_port),
        log_json=variables.choice("PDFJOB_LOG_FORMAT", ("console", "json"), "console") == "json",
    )


class _Variables:
    """Environment variables, read by type. Every method raises `SettingsError`."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env

    def text(self, variable: str) -> str:
        return self._env.get(variable, "")

    def required(self, variable: str, meaning: str) -> str:
        text = self.text(variable)
        if not text:
            raise SettingsError(f"{variable} is not set: expected {meaning}.")
        return text

    def choice(self, variable: str, choices: tuple[str, ...], default: str) -> str:
        text = self.text(variable) or default
        if text not in choices:
            raise self._invalid(variable, f"{', '.join(choices[:-1])} or {choices[-1]}")
        return text

    def number(self, variable: str, default: int, *, least: int = 1) -> int:
        number = self.limit(variable, least=least)
        return default if number is None else number

    def limit(self, variable: str, *, least: int = 1) -> int | None:
        text = self.text(variable)
        if not text:
            return None
        if not (text.isascii() and text.isdecimal()) or int(text) < least:
            raise self._invalid(variable, f"a whole number of at least {least}")
        return int(text)

    def port(self, variable: str, default: int) -> int:
        port = self.number(variable, default)
        if port > _MAX_PORT:
            raise self._invalid(variable, f"a port number of at most {_MAX_PORT}")
        return port

    def names(self, variable: str) -> tuple[str, ...]:
        return tuple(name.strip() for name in self.text(variable).split(",") if name.strip())

    def namespaces(self, variable: str) -> tuple[str, ...]:
        names = self.names(variable)
        if not all(_DNS_LABEL.fullmatch(name) for name in names):
            raise self._invalid(variable, "names of namespaces, separated by commas")
        return names

    def pair(self, variable: str, meaning: str) -> tuple[str, str] | None:
        text = self.text(variable)
        if not text:
            return None
        first, _, second = text.partition("/")
        if not first or not second or "/" in second:
            raise self._invalid(variable, meaning)
        return first, second

    def url(self, variable: str, schemes: tuple[str, ...], example: str) -> str:
        text = self.text(variable)
        try:
            parts = urlsplit(text)
            valid = parts.scheme in schemes and bool(parts.hostname)
        except ValueError:
            valid = False
        if text and not valid:  # the value may contain a password
            raise SettingsError(f"{variable} is not a valid URL: expected a URL such as {example}.")
        return text

    def size(self, variable: str, default: int) -> int:
        return parse_number(self.quantity(variable, str(default)))

    def quantity(self, variable: str, default: str) -> str:
        text = self.text(variable)
        try:
            number = parse_number(text) if text else 1
        except QuantityError:
            number = 0
        if number < 1:
            raise self._invalid(variable, "a number of bytes such as 4Gi")
        return text or default

    def labels(self, variable: str) -> dict[str, str]:
        labels = self._json_object(variable, 'labels as a JSON object such as {"team": "books"}')
        if not all(isinstance(value, str) for value in labels.values()):
            raise self._invalid(variable, 'labels as a JSON object such as {"team": "books"}')
        return labels

    def resources(self, variable: str, default: Mapping[str, Any]) -> Mapping[str, Any]:
        meaning = 'requests and limits as a JSON object such as {"limits": {"memory": "1Gi"}}'
        if self.text(variable) in ("", "null"):
            return default
        resources = self._json_object(variable, meaning)
        try:
            if not set(resources) <= {"requests", "limits", "claims"}:
                raise self._invalid(variable, meaning)
            requests, limits = (
                {name: parse_amount(quantity) for name, quantity in resources.get(kind, {}).items()}
                for kind in ("requests", "limits")
            )
        except (QuantityError, AttributeError) as error:
            raise self._invalid(variable, meaning) from error
        if any(amount > limits.get(name, amount) for name, amount in requests.items()):
            raise self._invalid(variable, "requests that are not above their limits")
        if limits.get("memory", 1) < 1:
            raise self._invalid(variable, "a memory limit of at least a byte")
        return resources

    def structured(self, variable: str, kind: type[_StructureT]) -> _StructureT:
        try:
            return json_objects.build(kind, self._json_object(variable, "a JSON object"))
        except ValueError as error:
            raise SettingsError(f"{variable} is not valid: {error}.") from error

    def pod_policy(self, variable: str) -> PodPolicy:
        policy = self.structured(variable, PodPolicy)
        for name, quantity in policy.max_resources.items():
            try:
                parse_amount(quantity)
            except QuantityError as error:
                raise SettingsError(f"{variable} is not valid: maxResources.{name} is not a quantity.") from error
        return policy

    def prices(self, variable: str) -> Prices:
        try:
            return Prices.parse(self.text(variable))
        except ValueError as error:
            raise SettingsError(f"{variable} is not a valid price table in JSON: {error}.") from error

    def _json_object(self, variable: str, meaning: str) -> dict[str, Any]:
        try:
            parsed = json.loads(self.text(variable) or "{}")
        except (ValueError, RecursionError) as error:
            raise self._invalid(variable, meaning) from error
        if not isinstance(parsed, dict):
            raise self._invalid(variable, meaning)
        return parsed

    def _invalid(self, variable: str, meaning: str) -> SettingsError:
        return SettingsError(f"{variable} is “{self.text(variable):.200}”: expected {meaning}.")
