"""One request to Gemini, and one answer, classified. The only module that knows Google's SDK.

The SDK retries nothing here: who asks again, when, and who pays is for `buyer`. What means what was found out with the
SDK against a server that plays the faults, and from Google's pages on errors (ai.google.dev/gemini-api/docs/
troubleshooting) and on rate limits.
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
from chunk_runner.processors.gemini.credentials import Access
from chunk_runner.processors.gemini.messages import Answer, Kind, Request


_LEAST_SECONDS = 10
"""The server refuses a shorter deadline (`X-Server-Timeout`)."""

_TRANSIENT = frozenset({408, 425, 429, 499, 500, 502, 503, 504})
_CONFIGURATION = frozenset({401, 403, 404})
_TOO_LARGE = 413
_TOO_MANY = 429

_QUOTA = re.compile(r"prepayment credits|limit: 0\b")
_TOO_BIG = re.compile(r"token count|exceeds the max|too large|too many (?:pages|tokens)", re.IGNORECASE)
_KEY = re.compile(r"(?<=api_key:)[^\s'\"]+")
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s?")

_REFUSED = frozenset(
    {"SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "LANGUAGE", "ESCALATION", "MODEL_ARMOR", "IMAGE_SAFETY"}
)


class Client:
    """Asks, with one key.

    Raises:
        ConfigurationError: The SDK does not take the address or the machine's certificates.
    """

    def __init__(self, access: Access, seconds: float) -> None:
        self._seconds = max(seconds, _LEAST_SECONDS)
        self._key = access.key
        try:
            # All of it said: otherwise variables of the environment could send the key elsewhere, or nothing time out.
            self._client = genai.Client(
                vertexai=False,
                api_key=access.key,
                http_options=types.HttpOptions(
                    base_url=access.base_url,
                    api_version="v1",
                    timeout=int(self._seconds * 1000),
                    retry_options=types.HttpRetryOptions(attempts=1),
                ),
            )
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                Reason.CONFIGURATION_ERROR, f"The client of the model's API cannot be made ({type(error).__name__})."
            ) from error

    def ask(self, request: Request, record: Callable[[Answer], None]) -> Answer:
        """Send a request and wait for its answer, as long as it may take in all.

        A thread sends it, because the SDK's timeout is that of a single read: a server that sends a byte now and then
        would never be given up. The thread records the answer too: what tells a process to stop strikes elsewhere, and
        an answer that comes too late is recorded all the same.

        Args:
            request: What to ask.
            record: Called with the answer before it is returned; what it raises is raised.
        """

        def work() -> None:
            try:
                answer = self._told(request)
                record(answer)
            except Exception as error:  # noqa: BLE001 (whatever it is, it is raised where somebody waits)
                answers.put(error)
            else:
                answers.put(answer)

        # A queue, because a thread that is waited for takes itself for ended when a signal interrupts the wait.
        answers: SimpleQueue[Answer | Exception] = SimpleQueue()
        threading.Thread(target=work, daemon=True).start()
        stopped: BaseException | None = None
        seconds = self._seconds
        while True:
            try:
                outcome = answers.get(timeout=seconds)
            except Empty:
                return Answer(Kind.TRANSIENT, f"no answer within {self._seconds:g} s", stopped=stopped)
            except (SystemExit, KeyboardInterrupt) as stop:
                stopped, seconds = stop, GRACE_SECONDS
            else:
                if isinstance(outcome, Exception):
                    raise outcome
                return replace(outcome, stopped=stopped)

    def _told(self, request: Request) -> Answer:
        """What came of it, whatever happens: nobody hears what is raised in a thread."""
        try:
            return self._send(request)
        except Exception as error:  # noqa: BLE001 (see above)
            what = _without_key(f"{type(error).__name__}: {error}", self._key)
            return Answer(Kind.BAD_REQUEST, shorten(what, 120))

    def _send(self, request: Request) -> Answer:
        parts: list[Any] = [] if request.pdf is None else [types.Part.from_bytes(data=request.pdf, mime_type=_PDF)]
        config = types.GenerateContentConfig(
            system_instruction=request.system,
            response_mime_type="application/json",
            response_json_schema=dict(request.schema),
            max_output_tokens=request.max_output_tokens,
            candidate_count=1,
            thinking_config=_thinking(request.thinking_level),
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        )
        try:
            response = self._client.models.generate_content(
                model=request.model, contents=[*parts, types.Part.from_text(text=request.text)], config=config
            )
        except errors.APIError as error:
            return _of_error(error, self._key)
        except httpx2.ConnectError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                return Answer(Kind.CONFIGURATION, "the server's certificate is not trusted")
            return Answer(Kind.TRANSIENT, "no connection")
        except (httpx2.TransportError, OSError) as error:
            return Answer(Kind.TRANSIENT, type(error).__name__)
        except ValueError as error:  # what came is no JSON, or not the shape of an answer
            return Answer(Kind.EMPTY, f"no answer but {type(error).__name__}")
        return _of_response(response)


_PDF = "application/pdf"


def _thinking(level: str | None) -> types.ThinkingConfig | None:
    return None if level is None else types.ThinkingConfig(thinking_level=types.ThinkingLevel(level.upper()))


def _without_key(said: str, key: str) -> str:
    """What the server says, fit to be shown: of a key that is suspended, it says the key itself."""
    return _KEY.sub("…", said.replace(key, "…"))  # before it is cut: a part of a key is found no more


def _of_error(error: errors.APIError, key: str) -> Answer:
    details = list(_details(error))
    violations = [violation for it in details for violation in it.get("violations") or ()]
    quotas = [str(it.get("quotaId", "")) for it in violations if isinstance(it, dict)]
    reason = next((it["reason"] for it in details if "reason" in it), error.status)
    message = error.message or ""
    what = shorten(_without_key(f"{error.code} {quotas[0] if quotas else reason}: {message}", key), 200)
    wait = _wait(error, details)
    if error.code == _TOO_MANY and (any("PerDay" in quota for quota in quotas) or _QUOTA.search(message)):
        return Answer(Kind.QUOTA, what)
    if error.code in _TRANSIENT:
        return Answer(Kind.TRANSIENT, what, wait=wait)
    if error.code in _CONFIGURATION or str(reason).startswith("API_KEY") or error.status == "FAILED_PRECONDITION":
        return Answer(Kind.CONFIGURATION, what)
    if error.code == _TOO_LARGE or _TOO_BIG.search(message):
        return Answer(Kind.TOO_BIG, what)
    return Answer(Kind.BAD_REQUEST, what)


def _details(error: errors.APIError) -> Iterator[Mapping[str, Any]]:
    body = error.details if isinstance(error.details, dict) else {}
    inner = body.get("error", body)
    found = inner.get("details") if isinstance(inner, dict) else None
    yield from (it for it in found or () if isinstance(it, dict))


def _wait(error: errors.APIError, details: list[Mapping[str, Any]]) -> float | None:
    """How long the server wants everybody to wait, if it says so."""
    said = [getattr(error.response, "headers", {}).get("retry-after", "")]
    said += [str(it["retryDelay"]) for it in details if "retryDelay" in it]
    seconds = [float(match[1]) for it in said if (match := _SECONDS.fullmatch(it))]
    return max(seconds, default=None)


def _of_response(response: types.GenerateContentResponse) -> Answer:
    tokens = _tokens(response.usage_metadata)
    feedback = response.prompt_feedback
    if feedback is not None and feedback.block_reason is not None:
        return Answer(Kind.REFUSED, f"the request was blocked: {_name(feedback.block_reason)}", tokens=tokens)
    if not response.candidates:
        return Answer(Kind.EMPTY, "an answer without candidates", tokens=tokens)
    finish = _name(response.candidates[0].finish_reason)
    text = (response.text or "").encode(errors="replace").decode()  # half of a surrogate pair is no text
    match finish:
        case "STOP" if text.strip():
            return Answer(Kind.OK, finish, text, tokens)
        case "MAX_TOKENS":
            return Answer(Kind.TRUNCATED, finish if text else "MAX_TOKENS, all of them thoughts", tokens=tokens)
        case "RECITATION":
            return Answer(Kind.RECITATION, finish, tokens=tokens)
        case "PUP_LIMITED_DISABLED":
            return Answer(Kind.CONFIGURATION, finish, tokens=tokens)
        case _ if finish in _REFUSED:
            return Answer(Kind.REFUSED, finish, tokens=tokens)
        case _:  # an empty one, OTHER, MALFORMED_RESPONSE, and whatever there will be
            return Answer(Kind.INVALID, f"the answer ended with {finish or 'nothing'}", tokens=tokens)


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
