from typing import Any

import pytest

from chunk_runner.processors.gemini.api.error_classification import ApiError, classify_error
from chunk_runner.processors.gemini.api.messages import ResponseKind


def error(code: int, message: str = "", *details: dict[str, Any], status: str = "") -> ApiError:
    body = {"error": {"code": code, "message": message, "status": status, "details": list(details)}}
    return ApiError(code, status, message, body)


def quota(name: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": name}]}


def delay(text: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": text}


def field(name: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"field": name}]}


PLAN = "You exceeded your current quota, please check your plan and billing details."

KINDS = {
    ResponseKind.BUSY: [
        error(429, PLAN, quota("GenerateRequestsPerMinutePerProjectPerModel")),
        error(429, PLAN, delay("53s")),
        error(429, PLAN, delay("1800s")),
        error(503, "The model is overloaded. Please try again later."),
        error(529, "Overloaded"),
    ],
    ResponseKind.LIMITED: [
        error(429, PLAN),
        error(429, "Resource has been exhausted (e.g. check quota)."),
        error(429, "You have reached your spend-based rate limit. Please wait before you send more requests."),
    ],
    ResponseKind.QUOTA: [
        error(402, "Your prepayment balance is depleted. Please add credits to continue."),
        error(402),
        error(429, PLAN, quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier"), delay("31s")),
        error(429, "Quota exceeded for metric: generate_content_free_tier_requests, limit: 0", delay("31s")),
        error(429, "Your project has exceeded its monthly spending cap. Please go to AI Studio."),
        error(429, "Your prepayment credits are depleted."),
        error(429, "You have exceeded your daily quota."),
        error(429, PLAN, quota("GenerateRequestsPerMonthPerProject"), delay("31s")),
        error(429, PLAN, delay("43200s")),
        error(429, PLAN, quota("GenerateRequestsPerMinutePerProjectPerModel"), delay("12h")),
        error(429, "Billing hard limit has been reached."),
        error(429, "Your weekly limit is reached."),
        error(429, "Quota exceeded for quota metric 'requests' and limit 'requests per month'."),
        error(403, "Your spend cap has been reached.", status="PERMISSION_DENIED"),
        error(400, "Insufficient balance for this request."),
        error(429, "Your credit balance is too low: purchase more credits."),
    ],
    ResponseKind.FAULT: [
        error(500, "An internal error has occurred. Please retry."),
        error(504, "Deadline expired before operation could complete."),
        error(502),
        error(408),
        error(499),
        error(520, "Web server returned an unknown error"),
        error(500, "The schema service has failed."),
    ],
    ResponseKind.CONFIGURATION: [
        error(400, "API key not valid.", {"reason": "API_KEY_INVALID"}),
        error(400, "User location is not supported for the API use.", status="FAILED_PRECONDITION"),
        error(401),
        error(403, "Generative Language API has not been used in project 12345 before or it is disabled."),
        error(404),
    ],
    ResponseKind.SETTINGS: [
        error(400, "Thinking level is not supported for this model."),
        error(400, "Budget 0 is invalid. This model only works in thinking mode."),
        error(400, "Invalid JSON payload received. Unknown name \"x\" at 'generation_config': Cannot find field."),
        error(400, "The specified schema produces a constraint that has too many states for serving."),
        error(400, "Invalid value.", field("generation_config.max_output_tokens")),
        error(400, "Unsupported MIME type: application/pdf"),
        error(405),
        error(302),
    ],
    ResponseKind.REJECTED: [
        error(400, "Request payload size exceeds the limit: 20971520 bytes."),
        error(400, "The request's total referenced files bytes are too large to be read"),
        error(400, "The document contains 8 pages which is more than the supported 3 pages."),
        error(400, "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."),
        error(400, "The document has no pages."),
        error(400, "Request contains an invalid argument."),
        error(400, "Invalid value.", field("contents[0].parts[0].inline_data")),
        error(413),
        error(422, "Unprocessable"),
        error(400, "Ein Fehler, den noch niemand gesehen hat."),
    ],
}


@pytest.mark.parametrize(("kind", "one"), [(kind, one) for kind, several in KINDS.items() for one in several])
def test_an_error_is_classified_by_what_helps(kind: ResponseKind, one: ApiError) -> None:
    assert classify_error(one, "key").kind is kind


@pytest.mark.parametrize(
    "body", [{"error": "down"}, {"error": {"details": "none"}}, {"details": [1, {"violations": 5}]}]
)
def test_the_body_of_a_proxy_may_be_anything(body: dict[str, Any]) -> None:
    assert classify_error(ApiError(500, body=body), "key").kind is ResponseKind.FAULT


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("53s", 53), ("3.456789012s", 3.456789012), ("0s", 0), ("1m2s", 62), ("2h", 7200), ("soon", None), ("-1s", None)],
)
def test_the_server_says_how_long_to_wait(text: str, seconds: float | None) -> None:
    assert classify_error(error(429, PLAN, delay(text)), "key").retry_after == seconds


def test_a_header_says_how_long_to_wait_too() -> None:
    assert classify_error(ApiError(503, retry_after="120"), "key").retry_after == 120


def test_a_key_is_not_shown() -> None:
    shown = classify_error(error(403, "Consumer 'api_key:AQ.other' of AQ.mine has been suspended."), "AQ.mine").detail

    assert "AQ." not in shown
    assert "suspended" in shown
