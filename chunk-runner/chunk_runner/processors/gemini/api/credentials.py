"""The credentials for the Gemini API and the Redis, read from a pod's files and the environment, and never shown.

The API key is in a file in a pod, and in a file or in the environment on a laptop. It is in no settings, no manifest,
no log line and no message.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from chunk_runner.contract import environment
from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import ConfigurationError


_KEY_VARIABLES = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
_URL_VARIABLES = (environment.BASE_URL_ENV, "GOOGLE_GEMINI_BASE_URL")


@dataclass(frozen=True)
class Credentials:
    """Access to the Gemini API, and the limits of its use.

    Attributes:
        key: The API key.
        base_url: The address of the API; `None` for the usual one.
        redis_url: The URL of the Redis that all pods share; `None` for none.
        requests_per_minute: The limit for all pods with this key; `None` for no limit.
        tokens_per_minute: The limit for all pods with this key; `None` for no limit.
    """

    key: str = field(repr=False)
    base_url: str | None = None
    redis_url: str | None = field(repr=False, default=None)
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None

    @classmethod
    def from_environment(cls, secret: str = "", env: Mapping[str, str] = os.environ) -> Credentials:
        """Return the credentials of this process.

        Args:
            secret: The name of the Secret with the API key, for messages; empty without one.
            env: The environment.

        Raises:
            ConfigurationError: There is no key, or a value is not valid.
        """
        candidates = (_read(environment.API_KEY_FILE), *(env.get(variable, "") for variable in _KEY_VARIABLES))
        key = next(filter(None, candidates), "").strip()
        if not key or not key.isascii() or not key.isprintable():
            where = f"Secret “{secret}” does not hold one" if secret else "set GEMINI_API_KEY, or give --api-key-file"
            raise ConfigurationError(Reason.CONFIGURATION_ERROR, f"There is no usable API key: {where}.")
        return cls(
            key=key,
            base_url=_base_url(next((env[variable] for variable in _URL_VARIABLES if env.get(variable)), None)),
            redis_url=_read(environment.REDIS_URL_FILE).strip() or env.get(environment.REDIS_URL_ENV) or None,
            requests_per_minute=_limit(env, environment.REQUESTS_ENV),
            tokens_per_minute=_limit(env, environment.TOKENS_ENV),
        )


def _base_url(url: str | None) -> str | None:
    with suppress(ValueError):
        if url is None or (urlsplit(url).scheme in ("http", "https") and urlsplit(url).hostname):
            return url
    raise ConfigurationError(Reason.CONFIGURATION_ERROR, "Invalid Gemini base URL: expected https://host.")


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _limit(env: Mapping[str, str], variable: str) -> int | None:
    text = env.get(variable) or ""
    if not text:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise ConfigurationError(Reason.CONFIGURATION_ERROR, f"{variable} must be an integer of 1 or more.")
    return int(text)
