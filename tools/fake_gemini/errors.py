"""Errors, as the real server words them, and the names of all faults. Knows nothing of requests."""

from typing import Any

from tools.fake_gemini.spoiling import SPOILT


JSON = dict[str, Any]
Reply = tuple[int, JSON | str | bytes]


def rpc(kind: str, **content: Any) -> JSON:
    """Return a detail of an error, as google.rpc has it."""
    return {"@type": f"type.googleapis.com/google.rpc.{kind}", **content}


def error(code: int, status: str, message: str, *details: JSON) -> Reply:
    """Return an error as the service writes it."""
    return code, {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


def invalid(message: str, *details: JSON) -> Reply:
    """Return the answer to a request that is wrong."""
    return error(400, "INVALID_ARGUMENT", message, *details)


def _reason(reason: str) -> JSON:
    service = {"service": "generativelanguage.googleapis.com"}
    return rpc("ErrorInfo", reason=reason, domain="googleapis.com", metadata=service)


def _quota(quota: str, metric: str, limit: int, delay: float) -> Reply:
    metric = f"generativelanguage.googleapis.com/{metric}"
    return error(
        429,
        "RESOURCE_EXHAUSTED",
        f"You exceeded your current quota, please check your plan and billing details.\n* Quota exceeded for metric: "
        f"{metric}, limit: {limit}\nPlease retry in {delay:g}s.",
        rpc("QuotaFailure", violations=[{"quotaMetric": metric, "quotaId": quota, "quotaValue": str(limit)}]),
        rpc("RetryInfo", retryDelay=f"{delay:g}s"),
    )


def requests_quota(limit: int, delay: float) -> Reply:
    """Return the answer once there are more requests a minute, with the seconds to wait."""
    return _quota("GenerateRequestsPerMinutePerProjectPerModel", "generate_content_paid_tier_requests", limit, delay)


def tokens_quota(limit: int, delay: float) -> Reply:
    """Return the answer once there are more input tokens a minute, with the seconds to wait."""
    quota = "GenerateContentPaidTierInputTokensPerModelPerMinute"
    return _quota(quota, "generate_content_paid_tier_input_token_count", limit, delay)


def error_replies(delay: float = 1) -> dict[str, Reply]:
    """The faults that are errors, by name; the delay is what some of them ask for."""
    day = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
    spent = "You have reached your spend-based rate limit. Please wait before you send more requests."
    credit = "Your prepayment credits are depleted. Please add credits in AI Studio to go on."
    unauthenticated = "Request had invalid authentication credentials. Expected OAuth 2 access token."
    suspended = "Permission denied: Consumer 'api_key:{key}' has been suspended."
    leaked = "Your API key was reported as leaked. Please use another API key."
    field = "Invalid JSON payload received. Unknown name 'x' at 'generation_config': Cannot find field."
    too_long = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
    return {
        "429": requests_quota(10, delay),
        "429tpm": tokens_quota(1_000_000, delay),
        "429rpd": _quota(day, "generate_content_free_tier_requests", 20, delay),
        "429bare": error(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
        "429spend": error(429, "RESOURCE_EXHAUSTED", spent),
        "429credits": error(429, "RESOURCE_EXHAUSTED", credit),
        "500": error(500, "INTERNAL", "An internal error has occurred. Please retry."),
        "502html": (502, "<!DOCTYPE html><html><title>Error 502 (Server Error)!!1</title></html>"),
        "503": error(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
        "504": error(504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
        "408": error(408, "CANCELLED", "The request took too long to arrive."),
        "499": error(499, "CANCELLED", "The operation was cancelled."),
        "badkey": invalid("API key not valid. Please pass a valid API key.", _reason("API_KEY_INVALID")),
        "expiredkey": invalid("API key expired. Please renew the API key.", _reason("API_KEY_INVALID")),
        "region": error(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
        "unauth": error(401, "UNAUTHENTICATED", unauthenticated, _reason("ACCESS_TOKEN_TYPE_UNSUPPORTED")),
        "403": error(403, "PERMISSION_DENIED", leaked),
        "suspended": error(403, "PERMISSION_DENIED", suspended, _reason("CONSUMER_SUSPENDED")),
        "404": error(404, "NOT_FOUND", "The model is not found, or is not supported for generateContent."),
        "badpdf": invalid("The document has no pages."),
        "badrequest": invalid("Request contains an invalid argument."),
        "payload": invalid("Request payload size exceeds the limit: 20971520 bytes."),
        "references": invalid("The request's total referenced files bytes are too large to be read"),
        "pagelimit": invalid("The document contains 8 pages which is more than the supported 3 pages."),
        "unknown": invalid("Something that no client has heard of."),
        "thinking": invalid("Thinking level is not supported for this model."),
        "field": invalid(field),
        "402": error(402, "RESOURCE_EXHAUSTED", "Your prepayment balance is depleted. Please add credits."),
        "429cap": error(429, "RESOURCE_EXHAUSTED", "Your project has exceeded its monthly spending cap."),
        "toolong": invalid(too_long),
        "413": (413, "<!DOCTYPE html><html><title>Error 413 (Request Entity Too Large)!!1</title></html>"),
    }


REASONS = {
    "safety": "SAFETY",
    "recitation": "RECITATION",
    "prohibited": "PROHIBITED_CONTENT",
    "spii": "SPII",
    "other": "OTHER",
    "malformed": "MALFORMED_RESPONSE",
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
    *SPOILT,
)
FAULTS = frozenset({"ok", *error_replies(), *CONNECTIONS, *BODIES, *TEXTS, *REASONS})

UNTOLD = {*CONNECTIONS, "badbody", "html200", "empty200"}
"""With these the client never learns what it used."""
