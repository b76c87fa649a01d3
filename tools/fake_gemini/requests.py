"""What is asked: a request, read as strictly as the real server reads it."""

import base64
import binascii
import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from threading import Lock
from typing import Any

import pypdfium2

from tools.fake_gemini.errors import JSON, Reply, error, error_replies, invalid, rpc


_PATH = re.compile(r"/(v1|v1beta)/models/([^/:]+):generateContent")
_MOST_BYTES = 50_000_000
MOST_OUTPUT = 65_536
_PDFIUM = Lock()  # it knows no threads


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
            raise RefusedError("404", error(404, "NOT_FOUND", f"There is nothing at {path}."))
        self.model = match[2]
        if not self.key:
            message = "Method doesn't allow unregistered callers. Please use API Key to call this API."
            raise RefusedError("403", error(403, "PERMISSION_DENIED", message))
        for start, fault in (("bad", "badkey"), ("expired", "expiredkey")):
            if self.key.startswith(start):
                raise RefusedError(fault, error_replies()[fault])
        if not self.model.startswith("gemini-"):
            message = f"models/{self.model} is not found for API version {match[1]}, or is not supported."
            raise RefusedError("404", error(404, "NOT_FOUND", message))
        if self.timeout is not None and float(self.timeout) < minimum_deadline:
            message = f"Manually set deadline {self.timeout}s is too short. Minimum allowed deadline is"
            raise RefusedError("invalid", invalid(f"{message} {minimum_deadline:g}s."))
        try:
            content = json.loads(body)
        except ValueError:
            raise RefusedError("invalid", invalid("Invalid JSON payload received.")) from None
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
            raise RefusedError("invalid", invalid("* GenerateContentRequest.contents: contents is not specified"))
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
        raise RefusedError("invalid", invalid(f"Invalid value at '{where}'"))
    found = {re.sub("_([a-z])", lambda letter: letter[1].upper(), name): it for name, it in value.items()}
    for name in {*found} - {*allowed.split()}:
        message = f"Invalid JSON payload received. Unknown name \"{name}\" at '{where}': Cannot find field."
        violation = {"field": where, "description": message}
        raise RefusedError("invalid", invalid(message, rpc("BadRequest", fieldViolations=[violation])))
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
        (not 1 <= most <= MOST_OUTPUT, f"max_output_tokens must be from 1 to {MOST_OUTPUT}, but is {most}."),
        (len({*thinking} - {"includeThoughts"}) > 1, "Set thinking budget or thinking level, not both."),
        (level not in {"minimal", "low", "medium", "high"}, f"Invalid value at thinking_level: {level}"),
        (level == "minimal" and no_minimal, "Thinking level MINIMAL is not supported for this model."),
    ):
        if is_wrong:
            raise RefusedError("invalid", invalid(message))


def _parts(content: JSON) -> list[JSON]:
    content = _named(content, "contents", "role parts")
    if content.get("role", "user") not in {"user", "model"}:
        raise RefusedError("invalid", invalid("Please use a valid role: user, model."))
    return [_named(part, "parts", "text inlineData thought thoughtSignature") for part in content.get("parts", ())]


def _inline(content: JSON) -> bytes:
    """The PDF of a part, in either alphabet of base64."""
    blob = _named(content, "inline_data", "mimeType data")
    if blob.get("mimeType") != "application/pdf":
        raise RefusedError("invalid", invalid(f"Unsupported MIME type: {blob.get('mimeType')}"))
    encoded = blob.get("data", "").translate({ord("-"): "+", ord("_"): "/"}).rstrip("=")
    if len(encoded) * 3 // 4 > _MOST_BYTES:
        raise RefusedError("413", error_replies()["413"])
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except binascii.Error:
        raise RefusedError("invalid", invalid("Invalid value at 'data' (TYPE_BYTES), Base64 decoding failed")) from None


def _pdf_pages(pdf: bytes) -> list[str]:
    """The text of each page, words that were divided at a line's end put together."""
    try:
        with _PDFIUM, contextlib.closing(pypdfium2.PdfDocument(pdf)) as document:
            texts = [page.get_textpage().get_text_bounded() for page in document]
    except pypdfium2.PdfiumError:
        texts = []
    if not texts:
        raise RefusedError("badpdf", error_replies()["badpdf"])
    return [" ".join(re.sub("[\x02\ufffe]\\s*", "", text).split()) for text in texts]


def _text_pages(text: str) -> Iterator[tuple[int, str]]:
    """The pages between the marks of a document, by number."""
    if document := re.search(r"<document>\s*\n(.*)</document>", text, re.DOTALL):
        _, *found = re.split(r"^--- page (\d+) ---\s*$", document[1], flags=re.MULTILINE)
        for number, page in zip(found[::2], found[1::2], strict=True):
            yield int(number), " ".join(page.split())
