"""The classification of errors of the Gemini API: by what helps, and not by their wording where that can be avoided.

Pure; knows HTTP codes and the bodies of Google's errors, nothing of the SDK. The codes follow Google's pages on errors
and rate limits (ai.google.dev/gemini-api/docs/troubleshooting), and what users report. A wording decides only between
waiting and stopping the job. Any error that is not known is taken for one of the pages that were sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chunk_runner.contract.limits import shorten
from chunk_runner.processors.gemini.api.messages import Response, ResponseKind


_CLIENT_ERROR = 400
_PAYMENT_REQUIRED = 402
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500

_BUSY_CODES = frozenset({425, _TOO_MANY_REQUESTS, 503, 529})
_FAULT_CODES = frozenset({408, 409, 499})
"""Codes below 500 that are faults, too."""

_KEY_CODES = frozenset({401, 403, 404, 407})
_ADDRESS_CODES = frozenset({405, 406, 410, 411, 414, 415, 417, 421, 426, 428, 431, 451, 501, 505})
"""The server is another one than expected, or does not take such requests."""

_QUOTA_MESSAGE = re.compile(
    r"\b(?:spend(?:ing)?|budget|billing|yearly|monthly|weekly|daily) (?:hard )?(?:cap|limit|quota|threshold)"
    r"|\bper[ -]?(?:day|week|month|year)\b|\blimit: 0\b"
    r"|pre-?pa(?:id|yment)|\bcredits?\b.{0,40}\b(?:depleted|exhausted|used up|expired|ran out)|out of credits?"
    r"|insufficient (?:credit|balance|fund)|(?:add|buy|purchase) (?:more )?credits?|balance is (?:too low|depleted)"
    r"|payment (?:is )?required",
    re.IGNORECASE,
)
_QUOTA_ID = re.compile(r"Per(?:Day|Week|Month|Year)")
_LONGEST_RATE_LIMIT_SECONDS = 1800
"""A wait beyond this is no rate limit, whatever its name: no attempt at a chunk waits so long."""

_SETTINGS_MESSAGE = re.compile(
    r"\bAPI[ _]key\b|\bthinking|unknown name|cannot find field|\bschema\b|too many states|generation_?config"
    r"|system_?instruction|not (?:supported|enabled|available) (?:for|by|with|in) (?:this|the|your) (?:model|project)"
    r"|location is not supported|unsupported (?:model|parameter|field|mime)|unexpected model|mime type"
    r"|max_?output_?tokens|manually set deadline|enable billing|billing account",
    re.IGNORECASE,
)
_SETTINGS_FIELD = re.compile(r"generation_?config|system_?instruction|safety_?settings|model\b", re.IGNORECASE)
_API_KEY = re.compile(r"(?<=api_key:)[^\s'\"]+")
_SECONDS = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?", re.ASCII)


@dataclass(frozen=True)
class ApiError:
    """An error as the service words it.

    Attributes:
        code: The HTTP code.
        status: The name that Google gives the code, such as `INVALID_ARGUMENT`.
        message: The message.
        body: The body, if it is a JSON object.
        retry_after: The header of this name; empty without one.
    """

    code: int
    status: str = ""
    message: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    retry_after: str = ""


def classify_error(error: ApiError, key: str) -> Response:
    """Return an error as a response.

    Args:
        error: The error.
        key: The API key, which must not be shown.
    """
    details = list(_details(error.body))
    violations = [item for detail in details for item in _mappings(detail.get("violations"))]
    quotas = [str(violation.get("quotaId", "")) for violation in violations]
    reason = next((str(detail["reason"]) for detail in details if "reason" in detail), error.status)
    shown = f"{error.code} {next(filter(None, quotas), reason)}: {error.message}"
    kind = _kind(error, reason, quotas, details)
    return Response(kind, shorten(without_key(shown, key), 200), retry_after=_retry_after(error, details))


def without_key(message: str, key: str) -> str:
    """Return a message of the server without API keys: it shows a suspended key in clear.

    To be called before a message is shortened, because a part of a key would not be found.
    """
    return _API_KEY.sub("…", message.replace(key, "…"))


def _kind(error: ApiError, reason: str, quotas: list[str], details: list[Mapping[str, Any]]) -> ResponseKind:
    code = error.code
    if code == _PAYMENT_REQUIRED:
        return ResponseKind.QUOTA
    if code < _SERVER_ERROR and (any(map(_QUOTA_ID.search, quotas)) or _QUOTA_MESSAGE.search(error.message)):
        return ResponseKind.QUOTA
    if code == _TOO_MANY_REQUESTS:
        wait = _retry_after(error, details)
        if wait is not None and wait > _LONGEST_RATE_LIMIT_SECONDS:
            return ResponseKind.QUOTA
        return ResponseKind.BUSY if any(quotas) or wait is not None else ResponseKind.LIMITED
    if code in _BUSY_CODES:
        return ResponseKind.BUSY
    if code in _KEY_CODES or reason.startswith("API_KEY") or error.status == "FAILED_PRECONDITION":
        return ResponseKind.CONFIGURATION
    if code < _CLIENT_ERROR or code in _ADDRESS_CODES or _is_about_settings(error, details):
        return ResponseKind.SETTINGS
    return ResponseKind.FAULT if code in _FAULT_CODES or code >= _SERVER_ERROR else ResponseKind.REJECTED


def _is_about_settings(error: ApiError, details: list[Mapping[str, Any]]) -> bool:
    """Return True if the service rejects what all requests of the job have in common."""
    if error.code >= _SERVER_ERROR:
        return False
    fields = [item.get("field") for detail in details for item in _mappings(detail.get("fieldViolations"))]
    return any(_SETTINGS_FIELD.match(str(name)) for name in fields) or bool(_SETTINGS_MESSAGE.search(error.message))


def _details(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    inner = body.get("error", body)
    yield from _mappings(inner.get("details") if isinstance(inner, Mapping) else None)


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a list; a proxy may send anything."""
    yield from (item for item in (value if isinstance(value, list) else ()) if isinstance(item, Mapping))


def _retry_after(error: ApiError, details: list[Mapping[str, Any]]) -> float | None:
    """Return the seconds that the server asks everyone to wait, in a header or in the body."""
    values = [error.retry_after, *(str(detail["retryDelay"]) for detail in details if "retryDelay" in detail)]
    return max((seconds for value in values if (seconds := _seconds(value)) is not None), default=None)


def _seconds(text: str) -> float | None:
    """Return a duration such as `53`, `3.5s` or `1m2s` in seconds; `None` for anything else."""
    match = _SECONDS.fullmatch(text.strip()) if text.strip() else None
    if match is None:
        return None
    hours, minutes, seconds = match.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds or 0)
