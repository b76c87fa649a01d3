"""Access: whose key, which address, which Redis. Read from the pod's files and environment, and never shown.

The key is in a file in a pod, and in a file or in the environment on a laptop. It is in no settings, no manifest, no
log line and no message.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from chunk_runner import pod_environment
from chunk_runner.contract import environment
from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import ConfigurationError


_KEY_VARIABLES = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
_URL_VARIABLES = (environment.BASE_URL_ENV, "GOOGLE_GEMINI_BASE_URL")


@dataclass(frozen=True)
class Access:
    """How to reach the model.

    Attributes:
        key: The key of its API.
        base_url: Its address; `None` for the usual one.
        redis_url: The Redis that all pods share; `None` for none.
        requests_per_minute: Of all pods with this key; `None` for no limit.
        tokens_per_minute: Likewise.
    """

    key: str = field(repr=False)
    base_url: str | None = None
    redis_url: str | None = field(repr=False, default=None)
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None

    @classmethod
    def from_environment(cls, secret: str = "", env: Mapping[str, str] = os.environ) -> Access:
        """Read it.

        Args:
            secret: The name of the key's Secret, for messages.
            env: The environment.

        Raises:
            ConfigurationError: There is no key, a limit is no number, or the address no URL.
        """
        key = _file(environment.API_KEY_FILE) or next((env[it] for it in _KEY_VARIABLES if env.get(it)), "")
        if not key.strip() or not key.strip().isascii() or not key.strip().isprintable():
            where = f"Secret “{secret}” does not hold one" if secret else "set GEMINI_API_KEY, or give --api-key-file"
            raise ConfigurationError(Reason.CONFIGURATION_ERROR, f"There is no usable API key: {where}.")
        return cls(
            key=key.strip(),
            base_url=_base_url(next((env[it] for it in _URL_VARIABLES if env.get(it)), None)),
            redis_url=_file(environment.REDIS_URL_FILE).strip() or env.get(environment.REDIS_URL_ENV) or None,
            requests_per_minute=pod_environment.requests_per_minute(env),
            tokens_per_minute=pod_environment.tokens_per_minute(env),
        )


def _base_url(url: str | None) -> str | None:
    with suppress(ValueError):
        if url is None or (urlsplit(url).scheme in ("http", "https") and urlsplit(url).hostname):
            return url
    raise ConfigurationError(
        Reason.CONFIGURATION_ERROR, "The address of the model's API is none: it begins with https://, and has a host."
    )


def _file(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
