import json
from typing import Any

import pytest

from chunk_runner.contract import environment
from chunk_runner.errors import ConfigurationError
from chunk_runner.processors.gemini.api.credentials import Credentials
from chunk_runner.processors.gemini.settings import GeminiSettings


def test_defaults_are_those_of_the_pdfjob() -> None:
    settings = GeminiSettings.parse({"name": "gemini"})

    assert (settings.model, settings.input, settings.request_timeout) == ("gemini-3.5-flash-lite", "pdf", 600)
    assert settings.schema is None
    assert not settings.fallback


def test_what_cannot_change_an_answer_is_not_decisive() -> None:
    one = GeminiSettings.parse({"name": "gemini", "requestTimeoutSeconds": 20, "maxTotalTokens": 1}, secret="mine")

    assert one.decisive_settings == GeminiSettings.parse({"name": "gemini"}).decisive_settings


def test_a_fallback_decides_on_the_result_and_not_on_what_is_asked() -> None:
    one, other = (GeminiSettings.parse({"name": "gemini", "fallback": it}) for it in ("none", "text"))

    assert one.answer_settings == other.answer_settings
    assert one.decisive_settings != other.decisive_settings


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"temperature": 1}, "no setting “temperature”"),
        ({"input": "scan"}, "pdf or text"),
        ({"fallback": "maybe"}, "none or text"),
        ({"outputSchema": "{}"}, "needs a prompt"),
        ({"prompt": "List names.", "outputSchema": "{"}, "is not JSON"),
        ({"prompt": "List names.", "outputSchema": "[]"}, "must be a JSON object"),
        ({"prompt": "List names.", "outputSchema": '{"type": "sentence"}'}, "is not a JSON Schema"),
        ({"prompt": "x" * 17_000}, "at most 16384"),
        ({"prompt": None}, "prompt must be a string"),
        ({"prompt": "List names.", "outputSchema": {}}, "outputSchema must be a string"),
        ({"fallback": ["text"]}, "fallback must be a string"),
        ({"maxOutputTokens": "100"}, "maxOutputTokens must be a whole number"),
        ({"requestTimeoutSeconds": True}, "requestTimeoutSeconds must be a whole number"),
    ],
)
def test_settings_that_make_no_sense_are_refused_in_a_sentence(settings: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        GeminiSettings.parse({"name": "gemini", **settings})


def test_a_schema_is_taken_as_it_is() -> None:
    schema = {"type": "object", "properties": {"names": {"type": "array"}}}

    assert GeminiSettings.parse({"prompt": "List names.", "outputSchema": json.dumps(schema)}).schema == schema


def test_a_key_is_nowhere_to_be_seen() -> None:
    access = Credentials.from_environment(
        env={"GEMINI_API_KEY": " AQ.secret\n", environment.REDIS_URL_ENV: "redis://:pw@host"}
    )

    assert access.key == "AQ.secret"
    assert "secret" not in repr(access)
    assert "pw" not in repr(access)


def test_without_a_key_people_are_told_where_to_put_it() -> None:
    with pytest.raises(ConfigurationError, match="GEMINI_API_KEY"):
        Credentials.from_environment(env={})
    with pytest.raises(ConfigurationError, match="Secret “gemini-key”"):
        Credentials.from_environment("gemini-key", env={})


def test_a_limit_is_a_number() -> None:
    env = {"GEMINI_API_KEY": "key", environment.REQUESTS_ENV: "many"}

    with pytest.raises(ConfigurationError, match="must be an integer"):
        Credentials.from_environment(env=env)
