"""A server that plays the Gemini Developer API: strict where the real one is, useful by default, and faulty on demand.

It answers `POST /v1/models/MODEL:generateContent` (v1beta likewise) out of the PDF or the text that it is sent.
`PUT /_fake/plan` tells it how to behave, `GET /_fake/log` what it was asked. It needs pypdfium2 and nothing of the
project, so that it also runs in a pod: `python3 gemini_server.py --host 0.0.0.0 --port 8080`.
"""

import argparse
import base64
import binascii
import contextlib
import json
import math
import os
import random
import re
import signal
import socket
import struct
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from email.message import Message
from functools import reduce
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Lock, Thread
from typing import Any, Self

import pypdfium2


JSON = dict[str, Any]
Reply = tuple[int, JSON | str | bytes]

THOUGHTS = 40
"""Tokens that every answer was thought about."""

_PATH = re.compile(r"/(v1|v1beta)/models/([^/:]+):generateContent")
_MOST_BYTES = 50_000_000
_MOST_OUTPUT = 65_536
_PDFIUM = Lock()  # it knows no threads


# --- Errors, as the real one words them ---


def _rpc(kind: str, **content: Any) -> JSON:
    return {"@type": f"type.googleapis.com/google.rpc.{kind}", **content}


def _error(code: int, status: str, message: str, *details: JSON) -> Reply:
    return code, {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


def _invalid(message: str, *details: JSON) -> Reply:
    return _error(400, "INVALID_ARGUMENT", message, *details)


def _reason(reason: str) -> JSON:
    service = {"service": "generativelanguage.googleapis.com"}
    return _rpc("ErrorInfo", reason=reason, domain="googleapis.com", metadata=service)


def _quota(quota: str, metric: str, limit: int, delay: float) -> Reply:
    metric = f"generativelanguage.googleapis.com/{metric}"
    return _error(
        429,
        "RESOURCE_EXHAUSTED",
        f"You exceeded your current quota, please check your plan and billing details.\n* Quota exceeded for metric: "
        f"{metric}, limit: {limit}\nPlease retry in {delay:g}s.",
        _rpc("QuotaFailure", violations=[{"quotaMetric": metric, "quotaId": quota, "quotaValue": str(limit)}]),
        _rpc("RetryInfo", retryDelay=f"{delay:g}s"),
    )


def _requests_quota(limit: int, delay: float) -> Reply:
    return _quota("GenerateRequestsPerMinutePerProjectPerModel", "generate_content_paid_tier_requests", limit, delay)


def _tokens_quota(limit: int, delay: float) -> Reply:
    quota = "GenerateContentPaidTierInputTokensPerModelPerMinute"
    return _quota(quota, "generate_content_paid_tier_input_token_count", limit, delay)


def _errors(delay: float = 1) -> dict[str, Reply]:
    """The faults that are errors, by name; the delay is what some of them ask for."""
    day = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
    spent = "You have reached your spend-based rate limit. Please wait before you send more requests."
    credit = "Your prepayment credits are depleted. Please add credits in AI Studio to go on."
    unauthenticated = "Request had invalid authentication credentials. Expected OAuth 2 access token."
    suspended = "Permission denied: Consumer 'api_key:{key}' has been suspended."
    leaked = "Your API key was reported as leaked. Please use another API key."
    too_long = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
    return {
        "429": _requests_quota(10, delay),
        "429tpm": _tokens_quota(1_000_000, delay),
        "429rpd": _quota(day, "generate_content_free_tier_requests", 20, delay),
        "429bare": _error(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
        "429spend": _error(429, "RESOURCE_EXHAUSTED", spent),
        "429credits": _error(429, "RESOURCE_EXHAUSTED", credit),
        "500": _error(500, "INTERNAL", "An internal error has occurred. Please retry."),
        "502html": (502, "<!DOCTYPE html><html><title>Error 502 (Server Error)!!1</title></html>"),
        "503": _error(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
        "504": _error(504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
        "408": _error(408, "CANCELLED", "The request took too long to arrive."),
        "499": _error(499, "CANCELLED", "The operation was cancelled."),
        "badkey": _invalid("API key not valid. Please pass a valid API key.", _reason("API_KEY_INVALID")),
        "expiredkey": _invalid("API key expired. Please renew the API key.", _reason("API_KEY_INVALID")),
        "region": _error(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
        "unauth": _error(401, "UNAUTHENTICATED", unauthenticated, _reason("ACCESS_TOKEN_TYPE_UNSUPPORTED")),
        "403": _error(403, "PERMISSION_DENIED", leaked),
        "suspended": _error(403, "PERMISSION_DENIED", suspended, _reason("CONSUMER_SUSPENDED")),
        "404": _error(404, "NOT_FOUND", "The model is not found, or is not supported for generateContent."),
        "badpdf": _invalid("The document has no pages."),
        "toolong": _invalid(too_long),
        "413": (413, "<!DOCTYPE html><html><title>Error 413 (Request Entity Too Large)!!1</title></html>"),
    }


REASONS = {
    "safety": "SAFETY",
    "recitation": "RECITATION",
    "prohibited": "PROHIBITED_CONTENT",
    "spii": "SPII",
    "other": "OTHER",
    "newreason": "A_REASON_OF_NEXT_YEAR",
}
"""The faults that end an answer before it has text, and the finish reason of each."""

CONNECTIONS = ("timeout", "reset", "hangup", "cutbody", "drip")
BODIES = ("badbody", "html200", "empty200", "nocandidates", "blocked")
TEXTS = (
    "maxtokens",
    "allthought",
    "badjson",
    "fenced",
    "wrongshape",
    "loop",
    "invented",
    "figure",
    "wrongpages",
    "missing",
)
FAULTS = frozenset({"ok", *_errors(), *CONNECTIONS, *BODIES, *TEXTS, *REASONS})

_UNTOLD = {*CONNECTIONS, "badbody", "html200", "empty200"}
"""With these the client never learns what it used."""


# --- What is asked ---


class RefusedError(Exception):
    """The request is not one that the real server takes."""

    def __init__(self, fault: str, reply: Reply) -> None:
        super().__init__(fault)
        self.fault, self.reply = fault, reply


@dataclass
class Request:
    """A request, as far as it could be read.

    Attributes:
        key: The API key.
        model: The model's name.
        timeout: The header X-Server-Timeout.
        text: The user's text parts.
        system: The system instruction.
        config: The generation config.
        tools: Whether it offers the model tools.
        pages: The pages that were sent, by number: a PDF's or, without one, the text's.
    """

    key: str = ""
    model: str = ""
    timeout: str | None = None
    text: str = ""
    system: str = ""
    config: JSON = field(default_factory=dict)
    tools: bool = False
    pages: dict[int, str] = field(default_factory=dict)

    @property
    def tokens(self) -> int:
        """What it costs to read it."""
        return 258 * len(self.pages) + len(self.text) // 4

    @property
    def schema(self) -> JSON | None:
        """What the answer shall look like."""
        return self.config.get("responseJsonSchema") or self.config.get("responseSchema")

    def read(self, path: str, headers: Message, body: bytes, minimum_deadline: float) -> None:
        """Fill it in.

        Raises:
            RefusedError: The real server would not take it.
        """
        self.key, self.model, self.timeout = headers.get("x-goog-api-key", ""), path, headers.get("X-Server-Timeout")
        if (match := _PATH.fullmatch(path)) is None:
            raise RefusedError("404", _error(404, "NOT_FOUND", f"There is nothing at {path}."))
        self.model = match[2]
        if not self.key:
            message = "Method doesn't allow unregistered callers. Please use API Key to call this API."
            raise RefusedError("403", _error(403, "PERMISSION_DENIED", message))
        for start, fault in (("bad", "badkey"), ("expired", "expiredkey")):
            if self.key.startswith(start):
                raise RefusedError(fault, _errors()[fault])
        if not self.model.startswith("gemini-"):
            message = f"models/{self.model} is not found for API version {match[1]}, or is not supported."
            raise RefusedError("404", _error(404, "NOT_FOUND", message))
        if self.timeout is not None and float(self.timeout) < minimum_deadline:
            message = f"Manually set deadline {self.timeout}s is too short. Minimum allowed deadline is"
            raise RefusedError("invalid", _invalid(f"{message} {minimum_deadline:g}s."))
        try:
            content = json.loads(body)
        except ValueError:
            raise RefusedError("invalid", _invalid("Invalid JSON payload received.")) from None
        self._read_body(content)

    def _read_body(self, content: Any) -> None:
        body = _named(content, "", _TOP)
        self.config = _named(body.get("generationConfig", {}), "generation_config", _CONFIG)
        thinking = _named(self.config.get("thinkingConfig", {}), "thinking_config", _THINKING)
        _require_possible(self.config, thinking, self.model)
        self.tools = bool(body.get("tools") or body.get("toolConfig"))
        self.system = "\n".join(part.get("text", "") for part in _parts(body.get("systemInstruction", {})))
        parts = [part for it in body.get("contents", ()) for part in _parts(it)]
        if not parts:
            raise RefusedError("invalid", _invalid("* GenerateContentRequest.contents: contents is not specified"))
        self.text = "\n".join(part["text"] for part in parts if "text" in part)
        if pdfs := [_inline(part["inlineData"]) for part in parts if "inlineData" in part]:
            self.pages = dict(enumerate((page for pdf in pdfs for page in _pdf_pages(pdf)), start=1))
        else:
            self.pages = dict(_text_pages(self.text))


_TOP = """contents systemInstruction generationConfig safetySettings tools toolConfig cachedContent serviceTier store
    labels"""
_CONFIG = """responseMimeType responseJsonSchema responseSchema maxOutputTokens candidateCount thinkingConfig
    temperature topP topK seed stopSequences presencePenalty frequencyPenalty responseLogprobs logprobs mediaResolution
    responseModalities speechConfig imageConfig"""
_THINKING = "thinkingLevel thinkingBudget includeThoughts"


def _named(value: Any, where: str, allowed: str) -> JSON:
    """An object with these names, in either spelling: the SDK sends both."""
    if not isinstance(value, dict):
        raise RefusedError("invalid", _invalid(f"Invalid value at '{where}'"))
    found = {re.sub("_([a-z])", lambda letter: letter[1].upper(), name): it for name, it in value.items()}
    for name in {*found} - {*allowed.split()}:
        message = f"Invalid JSON payload received. Unknown name \"{name}\" at '{where}': Cannot find field."
        violation = {"field": where, "description": message}
        raise RefusedError("invalid", _invalid(message, _rpc("BadRequest", fieldViolations=[violation])))
    return found


def _require_possible(config: JSON, thinking: JSON, model: str) -> None:
    """Refuse what is spelt right, but cannot be had."""
    level, most = thinking.get("thinkingLevel", "low").lower(), config.get("maxOutputTokens", 1)
    schemas, is_json = {"responseSchema", "responseJsonSchema"} & {*config}, "application/json"
    no_minimal = model.startswith(("gemini-3.7-flash", "gemini-3.8-flash"))
    for is_wrong, message in (
        (len(schemas) > 1, "Only one of response_schema and response_json_schema can be set."),
        (schemas and config.get("responseMimeType") != is_json, f"A schema needs the response type {is_json}."),
        (config.get("candidateCount", 1) != 1, "Multiple candidates is not enabled for this model"),
        (not 1 <= most <= _MOST_OUTPUT, f"max_output_tokens must be from 1 to {_MOST_OUTPUT}, but is {most}."),
        (len({*thinking} - {"includeThoughts"}) > 1, "Set thinking budget or thinking level, not both."),
        (level not in {"minimal", "low", "medium", "high"}, f"Invalid value at thinking_level: {level}"),
        (level == "minimal" and no_minimal, "Thinking level MINIMAL is not supported for this model."),
    ):
        if is_wrong:
            raise RefusedError("invalid", _invalid(message))


def _parts(content: JSON) -> list[JSON]:
    content = _named(content, "contents", "role parts")
    if content.get("role", "user") not in {"user", "model"}:
        raise RefusedError("invalid", _invalid("Please use a valid role: user, model."))
    return [_named(part, "parts", "text inlineData thought thoughtSignature") for part in content.get("parts", ())]


def _inline(content: JSON) -> bytes:
    """The PDF of a part, in either alphabet of base64."""
    blob = _named(content, "inline_data", "mimeType data")
    if blob.get("mimeType") != "application/pdf":
        raise RefusedError("invalid", _invalid(f"Unsupported MIME type: {blob.get('mimeType')}"))
    encoded = blob.get("data", "").translate({ord("-"): "+", ord("_"): "/"}).rstrip("=")
    if len(encoded) * 3 // 4 > _MOST_BYTES:
        raise RefusedError("413", _errors()["413"])
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except binascii.Error:
        raise RefusedError(
            "invalid", _invalid("Invalid value at 'data' (TYPE_BYTES), Base64 decoding failed")
        ) from None


def _pdf_pages(pdf: bytes) -> list[str]:
    """The text of each page, words that were divided at a line's end put together."""
    try:
        with _PDFIUM, contextlib.closing(pypdfium2.PdfDocument(pdf)) as document:
            texts = [page.get_textpage().get_text_bounded() for page in document]
    except pypdfium2.PdfiumError:
        texts = []
    if not texts:
        raise RefusedError("badpdf", _errors()["badpdf"])
    return [" ".join(re.sub("[\x02\ufffe]\\s*", "", text).split()) for text in texts]


def _text_pages(text: str) -> Iterator[tuple[int, str]]:
    """The pages between the marks of a document, by number."""
    if document := re.search(r"<document>\s*\n(.*)</document>", text, re.DOTALL):
        _, *found = re.split(r"^--- page (\d+) ---\s*$", document[1], flags=re.MULTILINE)
        for number, page in zip(found[::2], found[1::2], strict=True):
            yield int(number), " ".join(page.split())


# --- What is answered ---


def sentences(pages: Mapping[int, str]) -> list[JSON]:
    """The sentences of these pages; one that crosses pages has the page on which it starts."""
    found: list[JSON] = []
    is_open = False
    for number, text in pages.items():
        for piece in re.split(r"(?<=[.!?])\s+", text) if text else ():
            if is_open:
                found[-1]["text"] += f" {piece}"
            else:
                found.append({"page": number, "text": piece})
            is_open = False
        is_open = is_open or bool(text and text[-1] not in ".!?")
    return found


def instance(schema: JSON, filler: str, root: JSON | None = None, depth: int = 0) -> Any:
    """A small value of this schema, with this in its strings."""
    root = root or schema
    schema = _plain(schema, root)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    kinds = schema.get("type", "object" if "properties" in schema else "string")
    match (kinds if isinstance(kinds, str) else kinds[0]).lower():
        case "object":
            properties = schema.get("properties", {})
            names = schema.get("required", ())
            return {name: instance(properties.get(name, {}), filler, root, depth + 1) for name in names}
        case "array":
            many = max(int(schema.get("minItems", 0)), int(depth < 9))  # a tree has to end
            return [instance(schema.get("items", {}), filler, root, depth + 1) for _ in range(many)]
        case "integer" | "number":
            return schema.get("minimum", min(1, schema.get("maximum", 1)))
        case "boolean":
            return True
        case "null":
            return None
    return filler.ljust(int(schema.get("minLength", 0)), ".")[: schema.get("maxLength")]


def _plain(schema: JSON, root: JSON) -> JSON:
    """References followed, and the first of alternatives taken."""
    while True:
        alternatives = [schema[name] for name in ("anyOf", "oneOf", "allOf") if name in schema]
        if "$ref" in schema:
            names = schema["$ref"].removeprefix("#/").split("/")
            schema = reduce(lambda value, name: value[name], names, root)
        elif alternatives:
            schema = alternatives[0][0]
        else:
            return schema


def _right_text(request: Request) -> str:
    """What a model without faults answers."""
    if request.schema is None:
        return f"page text of {sum(map(len, request.pages.values()))} characters"
    return json.dumps(_value(request, sentences(request.pages)), ensure_ascii=False)


def _value(request: Request, found: list[JSON]) -> Any:
    """These sentences, if sentences are asked for; otherwise whatever is."""
    value = instance(request.schema or {}, f"page text of {sum(map(len, request.pages.values()))} characters")
    if not _wants_sentences(value):
        return value
    return {**value, "sentences": [value["sentences"][0] | sentence for sentence in found]}


def _wants_sentences(value: Any) -> bool:
    match value:
        case {"sentences": [{"page": _, "text": _}]}:
            return True
    return False


def _faulty_text(request: Request, fault: str) -> str:
    """What a model answers that has this fault."""
    found, first, last = sentences(request.pages), min(request.pages, default=1), max(request.pages, default=1)
    match fault:
        case "maxtokens":
            right = _right_text(request)
            return right[: len(right) * 2 // 3]
        case "badjson":
            return _right_text(request)[:-3]
        case "fenced":
            return f"```json\n{_right_text(request)}\n```"
        case "wrongshape":
            return json.dumps({"sentences": "none"} if _wants_sentences(instance(request.schema or {}, "")) else [17])
        case "loop":
            found = (found or [{"page": first, "text": "Again."}])[:1] * 500
        case "invented":
            found = [{"page": page, "text": f"Page {page} was never so purple."} for page in request.pages]
        case "figure":
            depths = [{"page": first, "text": f"Shaft {it} is {it * 37} metres deep."} for it in range(40)]
            found = sorted([*found, *depths], key=lambda sentence: sentence["page"])
        case "wrongpages":
            found = [sentence | {"page": sentence["page"] + last} for sentence in found]
        case "missing":
            found = [sentence for sentence in found if sentence["page"] == first != last]
        case _:
            return _right_text(request)
    return json.dumps(_value(request, found), ensure_ascii=False)


def _answer(request: Request, fault: str) -> tuple[str | None, str, int]:
    """The text, the finish reason, and the tokens of thoughts. The most output is kept to, thoughts included."""
    if fault in REASONS:
        return None, REASONS[fault], THOUGHTS
    most = int(request.config.get("maxOutputTokens", _MOST_OUTPUT))
    text, room = _faulty_text(request, fault), max(0, most - THOUGHTS)
    if fault == "allthought" or not room:
        return None, "MAX_TOKENS", most
    if fault == "maxtokens" or len(text) // 4 > room:
        return text[: room * 4], "MAX_TOKENS", THOUGHTS
    return text, "STOP", THOUGHTS


# --- How it behaves ---


@dataclass
class Behaviour:
    """What can be set.

    Attributes:
        plan: The faults of the next requests, in order.
        rules: `{"match": regex, "fault": name, "times": number}`: the fault of requests whose pages match.
        faults: The probability of a fault where neither says anything.
        fault_names: Those that then happen.
        seed: Of that chance.
        latency: Seconds before an answer.
        held: Whether answers wait, after that, until it is false.
        hang: Seconds for which `timeout` and `drip` last.
        retry_delay: Seconds that a 429 of plan asks for.
        requests_per_minute: Requests of a key in any window.
        tokens_per_minute: Input tokens of a key in any window.
        window: Seconds.
        minimum_deadline: The least X-Server-Timeout that is taken, in seconds.
    """

    plan: list[str] = field(default_factory=list)
    rules: list[JSON] = field(default_factory=list)
    faults: float = 0
    fault_names: list[str] = field(default_factory=lambda: ["429", "500", "503", "reset", "cutbody", "badjson"])
    seed: int = 0
    latency: float = 0
    held: bool = False
    hang: float = 30
    retry_delay: float = 1
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    window: float = 60
    minimum_deadline: float = 10


class Gemini:
    """The service: what it is told, and what it was asked."""

    def __init__(self) -> None:
        self.behaviour = Behaviour()
        self._lock = Lock()
        self._log: list[JSON] = []
        self._used: dict[str, deque[tuple[float, int]]] = {}
        self._dice = random.Random(0)  # noqa: S311 (must be repeatable)
        self._ids = count(1)

    def configure(self, *, clear: bool = False, **settings: Any) -> None:
        """Change its behaviour; clear the log and the quotas that were used."""
        names = [*settings.get("plan", ()), *settings.get("fault_names", ())]
        names += [rule["fault"] for rule in settings.get("rules", ())]
        unknown = {*settings} - {it.name for it in fields(Behaviour)} | {*names} - FAULTS
        if unknown:
            raise ValueError(f"Unknown: {sorted(unknown)}")
        with self._lock:
            for name, value in settings.items():
                copied = json.loads(json.dumps(value))  # rules are counted down, and are the caller's
                setattr(self.behaviour, name, copied)
            if "seed" in settings:
                self._dice.seed(settings["seed"])
            if clear:
                self._log = []
                self._used = {}

    def log(self) -> list[JSON]:
        """The requests, in order."""
        with self._lock:
            return [dict(entry) for entry in self._log]

    def admit(self, request: Request, refused: RefusedError | None) -> tuple[JSON, Reply | None]:
        """Log a request under its fault; with the reply, if that is an error."""
        entry: JSON = {"time": time.time(), "fault": "ok", "status": None, "finish": None, "usage": None} | {
            name: value for name, value in vars(request).items() if name != "pages"
        }
        entry |= {"text": request.text[:4000], "system": request.system[:4000], "client_gone": False}
        entry |= {"pages": len(request.pages), "page_texts": [text[:80] for text in request.pages.values()]}
        with self._lock:
            self._log.append(entry)
            if refused:
                entry["fault"] = refused.fault
                return entry, refused.reply
            if reply := self._over_quota(request):
                entry["fault"] = "quota"
                return entry, reply
            entry["fault"] = self._fault("\n".join(request.pages.values()))
            return entry, _errors(self.behaviour.retry_delay).get(entry["fault"])

    def _over_quota(self, request: Request) -> Reply | None:
        behaviour, now = self.behaviour, time.monotonic()
        used = self._used.setdefault(request.key, deque())
        while used and used[0][0] <= now - behaviour.window:
            used.popleft()
        most_requests, most_tokens = behaviour.requests_per_minute, behaviour.tokens_per_minute
        if most_requests is not None and len(used) >= most_requests:
            oldest = used[len(used) - most_requests][0] if most_requests else now
            return _requests_quota(most_requests, math.ceil(oldest + behaviour.window - now))
        if most_tokens is not None and (excess := sum(it[1] for it in used) + request.tokens - most_tokens) > 0:
            leaves = now
            for leaves, tokens in used:  # noqa: B007 (the last one is what is wanted)
                if (excess := excess - tokens) <= 0:
                    break
            return _tokens_quota(most_tokens, math.ceil(leaves + behaviour.window - now))
        used.append((now, request.tokens))
        return None

    def _fault(self, text: str) -> str:
        behaviour = self.behaviour
        if behaviour.plan:
            return behaviour.plan.pop(0)
        for rule in behaviour.rules:
            if rule.get("times") != 0 and re.search(rule["match"], text):
                if rule.get("times"):
                    rule["times"] -= 1
                return str(rule["fault"])
        return self._dice.choice(behaviour.fault_names) if self._dice.random() < behaviour.faults else "ok"

    def response(self, request: Request, fault: str) -> tuple[JSON, str | None]:
        """The body of an answer, and its finish reason."""
        number, (text, finish, thoughts) = next(self._ids), _answer(request, fault)
        usage = {"promptTokenCount": request.tokens, "totalTokenCount": request.tokens}
        response: JSON = {"usageMetadata": usage, "modelVersion": request.model, "responseId": f"response-{number}"}
        if fault == "blocked":
            response["promptFeedback"] = {"blockReason": "PROHIBITED_CONTENT"}
            return response, None
        output = 0 if text is None or fault == "nocandidates" else len(text) // 4
        usage |= {"candidatesTokenCount": output} if output else {}
        usage |= {"thoughtsTokenCount": thoughts, "totalTokenCount": request.tokens + output + thoughts}
        usage |= {"cachedContentTokenCount": request.tokens // 4} if number % 2 else {}
        if fault == "nocandidates":
            return response, None
        content = {} if text is None else {"content": {"role": "model", "parts": [{"text": text}]}}
        response["candidates"] = [{**content, "finishReason": finish, "index": 0}]
        return response, finish


# --- HTTP ---


def _naming(key: str, content: JSON | str | bytes) -> JSON | str | bytes:
    """A reply that shows the key that it speaks of."""
    return content if isinstance(content, str | bytes) else json.dumps(content).replace("{key}", key).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], gemini: Gemini) -> None:
        self.gemini = gemini
        self.connections: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self.connections.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # a client that gave up is no news
            super().handle_error(request, client_address)

    def end(self) -> None:
        """Close every connection, and wait for the threads to notice."""
        self.shutdown()
        self.server_close()
        deadline = time.monotonic() + 5
        while self.connections and time.monotonic() < deadline:
            for connection in list(self.connections):
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            time.sleep(0.005)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, *_: Any) -> None: ...

    def do_GET(self) -> None:
        if self.path == "/_fake/log":
            self._send(200, self.server.gemini.log())
        else:
            self._send(*_error(404, "NOT_FOUND", f"There is nothing at {self.path}."))

    def do_PUT(self) -> None:
        try:
            assert self.path == "/_fake/plan"
            self.server.gemini.configure(**json.loads(self._body()))
        except (AssertionError, LookupError, TypeError, ValueError) as error:
            self._send(*_invalid(repr(error)))
        else:
            self._send(200, asdict(self.server.gemini.behaviour))

    def do_POST(self) -> None:
        gemini, request, refused, body = self.server.gemini, Request(), None, self._body()
        try:
            request.read(self.path.partition("?")[0], self.headers, body, gemini.behaviour.minimum_deadline)
        except RefusedError as error:
            refused = error
        entry, reply = gemini.admit(request, refused)
        try:
            if reply is None:
                self._answer(request, entry)
            else:
                entry["status"] = reply[0]
                self._send(reply[0], _naming(request.key, reply[1]))
        except OSError:
            self.close_connection = True
            entry |= {"client_gone": True, "status": None, "usage": None}

    def _answer(self, request: Request, entry: JSON) -> None:
        gemini, fault = self.server.gemini, entry["fault"]
        match fault:
            case "timeout":
                self._pause(gemini.behaviour.hang)
                entry["status"] = 504
                return self._send(*_errors()["504"])
            case "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                os.close(self.connection.detach())  # at once: whoever closes it later says goodbye first
                self.close_connection = True
                return None
            case "hangup":
                self.close_connection = True
                return None
        self._pause(gemini.behaviour.latency)
        while gemini.behaviour.held:
            self._pause(0.02)
        response, finish = gemini.response(request, fault)
        raw = json.dumps(response, ensure_ascii=False).encode()
        entry["status"] = 200
        if fault not in _UNTOLD:
            entry |= {"finish": finish, "usage": response["usageMetadata"]}
        replies: dict[str, JSON | str | bytes] = {
            "badbody": raw[:-9],
            "html200": "<!DOCTYPE html><html><title>Please log in to this network</title></html>",
            "empty200": b"",
        }
        if fault not in {"cutbody", "drip"}:
            return self._send(200, replies.get(fault, raw))
        self._send(200, raw, length=len(raw) // 2 if fault == "cutbody" else 0)
        for at in range(round(gemini.behaviour.hang * 5) if fault == "drip" else 0):
            self.wfile.write(raw[at : min(at + 1, len(raw) - 1)])  # never the last one
            self._pause(0.2)
        self.close_connection = True
        return None

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces: list[bytes] = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):  # an API server hands requests on in pieces
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _pause(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            ConnectionError: The client is gone, or the server ends.
        """
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.connection.settimeout(min(left, 0.1))
            with contextlib.suppress(TimeoutError):
                if not self.connection.recv(1, socket.MSG_PEEK):
                    raise ConnectionError
            self.connection.settimeout(None)

    def _send(self, code: int, content: Any, *, length: int | None = None) -> None:
        """Send a reply, of its body only so much."""
        kind = "text/html" if isinstance(content, str) else "application/json"
        text = content if isinstance(content, bytes | str) else json.dumps(content)
        data = text if isinstance(text, bytes) else text.encode()
        self.send_response(code)
        self.send_header("Content-Type", f"{kind}; charset=UTF-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[:length])


class GeminiServer:
    """The server in a thread, on a free port of this machine, for as long as the context lasts.

    Takes the same settings as `configure`.
    """

    def __init__(self, **settings: Any) -> None:
        self._gemini = Gemini()
        self._gemini.configure(**settings)

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), self._gemini)
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.end()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def plan(self, *names: str) -> None:
        """Set the faults of the next requests."""
        self._gemini.configure(plan=names)

    def rules(self, rules: Sequence[Mapping[str, Any]]) -> None:
        """Set the faults of certain pages."""
        self._gemini.configure(rules=rules)

    def configure(self, *, clear: bool = False, **settings: Any) -> None:
        """Set anything of `Behaviour`; clear the log and the quotas that were used."""
        self._gemini.configure(clear=clear, **settings)

    def log(self) -> list[JSON]:
        """The requests that came, in order."""
        return self._gemini.log()

    def tokens(self) -> dict[str, int]:
        """What its clients were told that they used."""
        return tokens_of(self.log())


def tokens_of(log: Sequence[JSON]) -> dict[str, int]:
    """What the clients of these requests were told that they used."""
    used = [entry["usage"] for entry in log if entry["usage"]]
    names = {"prompt": "prompt", "output": "candidates", "thoughts": "thoughts", "cached": "cachedContent"}
    return {
        name: sum(usage.get(f"{word}TokenCount", 0) for usage in used)
        for name, word in {**names, "total": "total"}.items()
    }


def main() -> None:
    """Serve until it is ended. Every option but the address is a setting, as JSON: --plan '["429"]' --hang 5."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    for it in fields(Behaviour):
        parser.add_argument(f"--{it.name.replace('_', '-')}", type=json.loads, default=argparse.SUPPRESS)
    settings = vars(parser.parse_args())
    gemini, address = Gemini(), (settings.pop("host"), settings.pop("port"))
    gemini.configure(**settings)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # the first process of a pod would ignore it
    with _Server(address, gemini) as server, contextlib.suppress(KeyboardInterrupt):
        sys.stdout.write(f"http://{address[0]}:{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main()
