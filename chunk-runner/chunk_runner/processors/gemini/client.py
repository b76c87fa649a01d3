"""The client of the Gemini API: sends one request and classifies its response.

The only module that imports Google's SDK. The SDK repeats no request; `executor` decides on that. The classification
was found by testing the SDK against a server that simulates faults, and follows Google's pages on errors and on rate
limits (ai.google.dev/gemini-api/docs/troubleshooting).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import Any

import httpx2
from google import genai
from google.genai import errors, types

from chunk_runner.contract.limits import GRACE_SECONDS, shorten
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.stats import Tokens
from chunk_runner.errors import ConfigurationError
from chunk_runner.processors.gemini.credentials import Credentials
from chunk_runner.processors.gemini.messages import Request, Response, ResponseKind


_SHORTEST_TIMEOUT = 10
"""Seconds; the server rejects a shorter deadline (`X-Server-Timeout`)."""

_TRANSIENT_CODES = frozenset({408, 425, 429, 499, 500, 502, 503, 504})
_CONFIGURATION_CODES = frozenset({401, 403, 404})
_CONTENT_TOO_LARGE = 413
_TOO_MANY_REQUESTS = 429

_QUOTA_MESSAGE = re.compile(r"prepayment credits|limit: 0\b")
_TOO_LARGE_MESSAGE = re.compile(r"token count|exceeds the max|too large|too many (?:pages|tokens)", re.IGNORECASE)
_API_KEY = re.compile(r"(?<=api_key:)[^\s'\"]+")
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s?")

_REFUSALS = frozenset(
    {"SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "LANGUAGE", "ESCALATION", "MODEL_ARMOR", "IMAGE_SAFETY"}
)


class GeminiClient:
    """Sends requests with one API key.

    Args:
        credentials: The API key and the address.
        timeout: The seconds that a response may take in all.

    Raises:
        ConfigurationError: The SDK rejects the address or the certificates of this machine.
    """

    def __init__(self, credentials: Credentials, timeout: float) -> None:
        self._timeout = max(timeout, _SHORTEST_TIMEOUT)
        self._key = credentials.key
        try:
            # Every option is given, or environment variables could send the key elsewhere and disable the timeout.
            self._client = genai.Client(
                vertexai=False,
                api_key=credentials.key,
                http_options=types.HttpOptions(
                    base_url=credentials.base_url,
                    api_version="v1",
                    timeout=int(self._timeout * 1000),
                    retry_options=types.HttpRetryOptions(attempts=1),
                ),
            )
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                Reason.CONFIGURATION_ERROR, f"The Gemini client cannot be set up ({type(error).__name__})."
            ) from error

    def send(self, request: Request, record: Callable[[Response], None]) -> Response:
        """Send a request and wait for its response.

        A thread sends it, because the SDK's timeout applies to single reads, and a server that sends a byte now and
        then would never be given up. The thread also records the response: a signal interrupts only the main thread,
        and a response that arrives after the timeout is still recorded.

        Args:
            request: The request.
            record: Called with the response before it is returned; exceptions that it raises are raised here.
        """

        def work() -> None:
            try:
                response = self._send_safely(request)
                record(response)
            except Exception as error:  # noqa: BLE001 (raised again in the thread that waits)
                results.put(error)
            else:
                results.put(response)

        # A queue, because joining a thread that a signal interrupts marks the thread as ended.
        results: SimpleQueue[Response | Exception] = SimpleQueue()
        threading.Thread(target=work, daemon=True).start()
        stop: BaseException | None = None
        seconds = self._timeout
        while True:
            try:
                result = results.get(timeout=seconds)
            except Empty:
                return Response(ResponseKind.TRANSIENT, f"no response within {self._timeout:g} s", stop=stop)
            except (SystemExit, KeyboardInterrupt) as error:
                stop, seconds = error, GRACE_SECONDS
            else:
                if isinstance(result, Exception):
                    raise result
                return replace(result, stop=stop)

    def _send_safely(self, request: Request) -> Response:
        """Send a request, and classify unexpected exceptions too: none must reveal the key or escape unrecorded."""
        try:
            return self._send(request)
        except Exception as error:  # noqa: BLE001 (not logged either: its text may hold the key)
            detail = _without_key(f"{type(error).__name__}: {error}", self._key)
            return Response(ResponseKind.BAD_REQUEST, shorten(detail, 120))

    def _send(self, request: Request) -> Response:
        parts: list[Any] = []
        if request.pdf is not None:
            parts.append(types.Part.from_bytes(data=request.pdf, mime_type="application/pdf"))
        config = types.GenerateContentConfig(
            system_instruction=request.system,
            response_mime_type="application/json",
            response_json_schema=dict(request.schema),
            max_output_tokens=request.max_output_tokens,
            candidate_count=1,
            thinking_config=_thinking_config(request.thinking_level),
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        )
        try:
            response = self._client.models.generate_content(
                model=request.model, contents=[*parts, types.Part.from_text(text=request.text)], config=config
            )
        except errors.APIError as error:
            return _classify_error(error, self._key)
        except httpx2.ConnectError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                return Response(ResponseKind.CONFIGURATION, "the server's certificate is not trusted")
            return Response(ResponseKind.TRANSIENT, "no connection")
        except (httpx2.TransportError, OSError) as error:
            return Response(ResponseKind.TRANSIENT, type(error).__name__)
        except ValueError as error:  # the body is not JSON, or not a response of this API
            return Response(ResponseKind.EMPTY, f"unreadable response ({type(error).__name__})")
        return _classify_response(response)


def _thinking_config(level: str | None) -> types.ThinkingConfig | None:
    return None if level is None else types.ThinkingConfig(thinking_level=types.ThinkingLevel(level.upper()))


def _without_key(message: str, key: str) -> str:
    """Return a message of the server without API keys: it shows a suspended key in clear.

    To be called before a message is shortened, because a part of a key would not be found.
    """
    return _API_KEY.sub("…", message.replace(key, "…"))


def _classify_error(error: errors.APIError, key: str) -> Response:
    details = list(_details(error))
    violations = [violation for detail in details for violation in detail.get("violations") or ()]
    quotas = [str(violation.get("quotaId", "")) for violation in violations if isinstance(violation, dict)]
    reason = next((detail["reason"] for detail in details if "reason" in detail), error.status)
    message = error.message or ""
    shown = shorten(_without_key(f"{error.code} {quotas[0] if quotas else reason}: {message}", key), 200)
    is_daily = any("PerDay" in quota for quota in quotas)
    if error.code == _TOO_MANY_REQUESTS and (is_daily or _QUOTA_MESSAGE.search(message)):
        return Response(ResponseKind.QUOTA, shown)
    if error.code in _TRANSIENT_CODES:
        return Response(ResponseKind.TRANSIENT, shown, retry_after=_retry_after(error, details))
    is_key_error = str(reason).startswith("API_KEY") or error.status == "FAILED_PRECONDITION"
    if error.code in _CONFIGURATION_CODES or is_key_error:
        return Response(ResponseKind.CONFIGURATION, shown)
    if error.code == _CONTENT_TOO_LARGE or _TOO_LARGE_MESSAGE.search(message):
        return Response(ResponseKind.TOO_LARGE, shown)
    return Response(ResponseKind.BAD_REQUEST, shown)


def _details(error: errors.APIError) -> Iterator[Mapping[str, Any]]:
    body = error.details if isinstance(error.details, dict) else {}
    inner = body.get("error", body)
    found = inner.get("details") if isinstance(inner, dict) else None
    yield from (detail for detail in found or () if isinstance(detail, dict))


def _retry_after(error: errors.APIError, details: list[Mapping[str, Any]]) -> float | None:
    """Return the seconds that the server asks everyone to wait, in a header or in the body."""
    values = [getattr(error.response, "headers", {}).get("retry-after", "")]
    values += [str(detail["retryDelay"]) for detail in details if "retryDelay" in detail]
    seconds = [float(match[1]) for value in values if (match := _SECONDS.fullmatch(value))]
    return max(seconds, default=None)


def _classify_response(response: types.GenerateContentResponse) -> Response:
    tokens = _tokens(response.usage_metadata)
    feedback = response.prompt_feedback
    if feedback is not None and feedback.block_reason is not None:
        detail = f"the request was blocked: {_name(feedback.block_reason)}"
        return Response(ResponseKind.REFUSED, detail, tokens=tokens)
    if not response.candidates:
        return Response(ResponseKind.EMPTY, "the response has no candidates", tokens=tokens)
    finish = _name(response.candidates[0].finish_reason)
    text = (response.text or "").encode(errors="replace").decode()  # half a surrogate pair is not text
    match finish:
        case "STOP" if text.strip():
            return Response(ResponseKind.OK, finish, text, tokens)
        case "MAX_TOKENS":
            return Response(
                ResponseKind.TRUNCATED, finish if text else "MAX_TOKENS, all of them thoughts", tokens=tokens
            )
        case "RECITATION":
            return Response(ResponseKind.RECITATION, finish, tokens=tokens)
        case "PUP_LIMITED_DISABLED":
            return Response(ResponseKind.CONFIGURATION, finish, tokens=tokens)
        case _ if finish in _REFUSALS:
            return Response(ResponseKind.REFUSED, finish, tokens=tokens)
        case _:  # an empty answer, OTHER, MALFORMED_RESPONSE, and any future reason
            return Response(ResponseKind.INVALID, f"the answer ended with {finish or 'nothing'}", tokens=tokens)


def _name(reason: Any) -> str:
    return shorten(str(getattr(reason, "value", reason) or ""), 40)


def _tokens(usage: types.GenerateContentResponseUsageMetadata | None) -> Tokens:
    if usage is None:
        return Tokens()
    return Tokens(
        prompt=usage.prompt_token_count or 0,
        output=usage.candidates_token_count or 0,
        thoughts=usage.thoughts_token_count or 0,
        cached=usage.cached_content_token_count or 0,
        total=usage.total_token_count or 0,
    )
