"""What a pod needs to ask Gemini: the key, where the API is, and what all pods share. Pure.

The key is its PdfJob's; everything else comes from the operator's configuration, so that no author can send the key or
the pages elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chunk_runner import contract
from pdfjob_operator.pods import mount_secret


if TYPE_CHECKING:
    from pdfjob_operator.resources import Manifest
    from pdfjob_operator.settings import Settings


_GRACE_SECONDS = contract.GRACE_SECONDS + 15
"""Until a pod that is told to go is killed: it waits for an answer, and needs some time to keep it."""


def environment(settings: Settings, uid: str) -> dict[str, str]:
    """The variables of a pod that asks Gemini; what is not configured is left out.

    Args:
        settings: The configuration.
        uid: Of the PdfJob.
    """
    variables = {
        contract.JOB_ENV: uid,
        contract.BASE_URL_ENV: settings.gemini_base_url,
        contract.REQUESTS_ENV: settings.gemini_requests_per_minute,
        contract.TOKENS_ENV: settings.gemini_tokens_per_minute,
        contract.REDIS_URL_ENV: settings.redis_url,
    }
    return {name: str(value) for name, value in variables.items() if value}


def equip(pod: Manifest, settings: Settings, api_key: tuple[str, str]) -> None:
    """Let a pod ask Gemini.

    Args:
        pod: The template.
        settings: The configuration.
        api_key: The Secret that holds the key of the API, and the key in it.
    """
    mount_secret(pod, *api_key, contract.API_KEY_FILE)
    if settings.redis_secret is not None:
        mount_secret(pod, *settings.redis_secret, contract.REDIS_URL_FILE, optional=True)
    pod["spec"]["terminationGracePeriodSeconds"] = _GRACE_SECONDS
