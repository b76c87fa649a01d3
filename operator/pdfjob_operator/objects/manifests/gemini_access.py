"""The part of a pod template that gives access to the Gemini API: API key, base URL, rate limits and Redis. Pure.

The API key belongs to the PdfJob; everything else comes from the operator's configuration, so that the author of a
PdfJob cannot send the key or the pages elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chunk_runner.contract import environment, limits
from pdfjob_operator.objects.manifests.pods import mount_secret


if TYPE_CHECKING:
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.objects.kubernetes import Manifest
    from pdfjob_operator.objects.pdfjob import SecretKey


_KEEP_NODE = {
    "karpenter.sh/do-not-disrupt": "true",
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
}
"""Annotations by which autoscalers do not remove the node of a pod to save money: its requests are paid for."""

_GRACE_SECONDS = limits.GRACE_SECONDS + 15
"""`terminationGracePeriodSeconds`: the pod waits for an answer that is paid for, then needs time to store it."""


def gemini_environment(settings: Settings, uid: str) -> dict[str, str]:
    """Return the environment variables of a pod that calls Gemini, without those that are not configured.

    Args:
        settings: The operator's configuration.
        uid: Uid of the PdfJob.
    """
    variables = {
        environment.JOB_ENV: uid,
        environment.BASE_URL_ENV: settings.gemini_base_url,
        environment.REQUESTS_ENV: settings.gemini_requests_per_minute,
        environment.TOKENS_ENV: settings.gemini_tokens_per_minute,
        environment.REDIS_URL_ENV: settings.redis_url,
    }
    return {name: str(value) for name, value in variables.items() if value}


def mount_gemini_secrets(pod: Manifest, settings: Settings, api_key: SecretKey) -> None:
    """Mount the API key and the URL of the Redis, and let the pod finish its requests, which are paid for.

    Args:
        pod: The pod template.
        settings: The operator's configuration.
        api_key: The API key.
    """
    mount_secret(pod, *api_key, environment.API_KEY_FILE)
    if settings.redis_secret is not None:
        mount_secret(pod, *settings.redis_secret, environment.REDIS_URL_FILE, optional=True)
    pod["spec"]["terminationGracePeriodSeconds"] = _GRACE_SECONDS
    pod["metadata"]["annotations"] = {**_KEEP_NODE, **pod["metadata"]["annotations"]}
