"""How the service behaves: the faults it was told to have, its quotas, and its log. Knows nothing of HTTP."""

import json
import math
import random
import re
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from itertools import count
from threading import Condition
from typing import Any

from tools.fake_gemini.answers import answer
from tools.fake_gemini.errors import FAULTS, JSON, Reply, error_replies, requests_quota, tokens_quota
from tools.fake_gemini.requests import RefusedError, Request


LOG_SECONDS = 600
"""How long whoever asks for the log waits for requests. No promise: the machine may be busy."""


@dataclass
class Behaviour:
    """What can be set.

    Attributes:
        plan: The faults of the next requests, in order.
        rules: `{"match": regex, "fault": name, "times": number, "least": number}`: the fault of requests whose pages
            match, and are at least so many.
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
        self._lock = Condition()
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

    def log(self, least: int = 0) -> list[JSON]:
        """Return the requests, in order; wait until there are so many, but no longer than `LOG_SECONDS`."""
        with self._lock:
            self._lock.wait_for(lambda: len(self._log) >= least, LOG_SECONDS)
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
            self._lock.notify_all()
            if refused:
                entry["fault"] = refused.fault
                return entry, refused.reply
            if reply := self._over_quota(request):
                entry["fault"] = "quota"
                return entry, reply
            entry["fault"] = self._fault(list(request.pages.values()))
            return entry, error_replies(self.behaviour.retry_delay).get(entry["fault"])

    def _over_quota(self, request: Request) -> Reply | None:
        behaviour, now = self.behaviour, time.monotonic()
        used = self._used.setdefault(request.key, deque())
        while used and used[0][0] <= now - behaviour.window:
            used.popleft()
        most_requests, most_tokens = behaviour.requests_per_minute, behaviour.tokens_per_minute
        if most_requests is not None and len(used) >= most_requests:
            oldest = used[len(used) - most_requests][0] if most_requests else now
            return requests_quota(most_requests, math.ceil(oldest + behaviour.window - now))
        if most_tokens is not None and (excess := sum(it[1] for it in used) + request.tokens - most_tokens) > 0:
            leaves = now
            for leaves, tokens in used:  # noqa: B007 (the last one is what is wanted)
                if (excess := excess - tokens) <= 0:
                    break
            return tokens_quota(most_tokens, math.ceil(leaves + behaviour.window - now))
        used.append((now, request.tokens))
        return None

    def _fault(self, pages: Sequence[str]) -> str:
        behaviour, text = self.behaviour, "\n".join(pages)
        if behaviour.plan:
            return behaviour.plan.pop(0)
        for rule in behaviour.rules:
            is_meant = len(pages) >= rule.get("least", 0) and re.search(rule["match"], text)
            if rule.get("times") != 0 and is_meant:
                if rule.get("times"):
                    rule["times"] -= 1
                return str(rule["fault"])
        return self._dice.choice(behaviour.fault_names) if self._dice.random() < behaviour.faults else "ok"

    def response(self, request: Request, fault: str) -> tuple[JSON, str | None]:
        """The body of an answer, and its finish reason."""
        number, (text, finish, thoughts) = next(self._ids), answer(request, fault)
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


def tokens_of(log: Sequence[JSON]) -> dict[str, int]:
    """What the clients of these requests were told that they used."""
    used = [entry["usage"] for entry in log if entry["usage"]]
    names = {"prompt": "prompt", "output": "candidates", "thoughts": "thoughts", "cached": "cachedContent"}
    return {
        name: sum(usage.get(f"{word}TokenCount", 0) for usage in used)
        for name, word in {**names, "total": "total"}.items()
    }
