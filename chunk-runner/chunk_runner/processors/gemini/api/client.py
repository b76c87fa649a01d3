"""The client of the Gemini API: sends one request and classifies its response.

The only module that imports Google's SDK. The SDK repeats no request; `executor` decides on that. Which exceptions the
SDK raises was found by testing it against a server that simulates faults.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
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
from chunk_runner.processors.gemini.api.credentials import Credentials
from chunk_runner.processors.gemini.api.error_classification import ApiError, classify_error, without_key
from chunk_runner.processors.gemini.api.messages import Request, Response, ResponseKind


_SHORTEST_TIMEOUT = 10
"""Seconds; the server rejects a shorter deadline (`X-Server-Timeout`)."""

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
                return Response(ResponseKind.TIMEOUT, f"no response within {self._timeout:g} s", stop=stop)
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
            detail = without_key(f"{type(error).__name__}: {error}", self._key)
            return Response(ResponseKind.REJECTED, shorten(detail, 120))

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
            return classify_error(_plain(error), self._key)
        except (httpx2.TransportError, OSError) as error:
            return _classify_lost_connection(error)
        except ValueError as error:  # the body is not JSON, or not a response of this API
            return Response(ResponseKind.EMPTY, f"unreadable response ({type(error).__name__})")
        return _classify_response(response)


def _thinking_config(level: str | None) -> types.ThinkingConfig | None:
    return None if level is None else types.ThinkingConfig(thinking_level=types.ThinkingLevel(level.upper()))


def _plain(error: errors.APIError) -> ApiError:
    return ApiError(
        error.code,
        str(error.status or ""),
        str(error.message or ""),
        error.details if isinstance(error.details, dict) else {},
        getattr(error.response, "headers", {}).get("retry-after", ""),
    )


def _classify_lost_connection(error: Exception) -> Response:
    """Return a failure of the connection as a response; one that was never opened does not depend on the pages."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return Response(ResponseKind.CONFIGURATION, "the server's certificate is not trusted")
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout | httpx2.ProxyError):
        return Response(ResponseKind.BUSY, "no connection")
    kind = ResponseKind.TIMEOUT if isinstance(error, httpx2.ReadTimeout) else ResponseKind.FAULT
    return Response(kind, type(error).__name__)


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
