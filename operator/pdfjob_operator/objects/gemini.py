"""What a pod needs to ask Gemini: the key, where the API is, and what all pods share. Pure.

The key is its PdfJob's; everything else comes from the operator's configuration, so that no author can send the key or
the pages elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chunk_runner.contract import environment, limits
from pdfjob_operator.objects.pod_manifests import mount_secret


if TYPE_CHECKING:
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.objects.kubernetes import Manifest


_GRACE_SECONDS = limits.GRACE_SECONDS + 15
"""Until a pod that is told to go is killed: it waits for an answer, and needs some time to keep it."""


def gemini_environment(settings: Settings, uid: str) -> dict[str, str]:
    """The variables of a pod that asks Gemini; what is not configured is left out.

    Args:
        settings: The configuration.
        uid: Of the PdfJob.
    """
    variables = {
        environment.JOB_ENV: uid,
        environment.BASE_URL_ENV: settings.gemini_base_url,
        environment.REQUESTS_ENV: settings.gemini_requests_per_minute,
        environment.TOKENS_ENV: settings.gemini_tokens_per_minute,
        environment.REDIS_URL_ENV: settings.redis_url,
    }
    return {name: str(value) for name, value in variables.items() if value}


def equip(pod: Manifest, settings: Settings, api_key: tuple[str, str]) -> None:
    """Let a pod ask Gemini.

    Args:
        pod: The template.
        settings: The configuration.
        api_key: The Secret that holds the key of the API, and the key in it.
    """
    mount_secret(pod, *api_key, environment.API_KEY_FILE)
    if settings.redis_secret is not None:
        mount_secret(pod, *settings.redis_secret, environment.REDIS_URL_FILE, optional=True)
    pod["spec"]["terminationGracePeriodSeconds"] = _GRACE_SECONDS
