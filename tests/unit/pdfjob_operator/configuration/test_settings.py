from typing import Any

import pytest

from pdfjob_operator.configuration.prices import NO_PRICES
from pdfjob_operator.configuration.settings import Settings, SettingsError


def test_only_the_image_must_be_given() -> None:
    settings = Settings.from_env({"PDFJOB_RUNNER_IMAGE": "runner:1"})

    assert (settings.runner_image, settings.workspace_claim, settings.namespaces) == (
        "runner:1",
        "pdfjob-workspace",
        (),
    )


def test_lists_are_separated_by_commas() -> None:
    settings = Settings.from_env(
        {"PDFJOB_RUNNER_IMAGE": "r", "PDFJOB_NAMESPACES": "a, b,", "PDFJOB_WORKSPACE_CLAIM": ""}
    )

    assert settings.namespaces == ("a", "b")
    assert settings.workspace_claim == "pdfjob-workspace"


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"PDFJOB_RUNNER_IMAGE": "r", "PDFJOB_RESOURCES": "{"},
        {"PDFJOB_RUNNER_IMAGE": "r", "PDFJOB_HEALTH_PORT": "x"},
    ],
)
def test_a_bad_configuration_is_named(env: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="PDFJOB_"):
        Settings.from_env(env)


def test_memory_is_doubled_up_to_the_limit() -> None:
    settings = Settings(runner_image="x", max_memory=3 * 2**30)

    limits = [settings.resources_with(step)["limits"]["memory"] for step in range(4)]
    requests = [settings.resources_with(step)["requests"]["memory"] for step in range(3)]

    assert limits == ["1Gi", "2048Mi", "3072Mi", "3072Mi"]
    assert requests == ["128Mi", "256Mi", "384Mi"]
    assert [settings.can_double(step) for step in range(3)] == [True, True, False]


@pytest.mark.parametrize("memory", ["1073741824", "1073741824.0", "1e9"])
def test_a_number_is_a_quantity(memory: str) -> None:
    resources = f'{{"limits": {{"memory": {memory}}}, "requests": {{"memory": {memory}}}}}'
    settings = Settings.from_env({"PDFJOB_RUNNER_IMAGE": "x", "PDFJOB_RESOURCES": resources})

    doubled = f"{int(float(memory)) * 2 // 2**20}Mi"
    assert settings.resources["limits"] == {"memory": float(memory)}
    assert settings.resources_with(1) == {"limits": {"memory": doubled}, "requests": {"memory": doubled}}


@pytest.mark.parametrize("resources", [{}, {"requests": {"cpu": "1"}}, {"limits": {"memory": "8Gi"}}])
def test_memory_without_a_limit_or_beyond_the_highest_stays_as_it_is(resources: dict[str, Any]) -> None:
    settings = Settings(runner_image="x", resources=resources)

    assert settings.resources_with(3) == resources or settings.resources_with(3)["limits"]["memory"] == "8192Mi"
    assert not settings.can_double(1)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PDFJOB_MAX_MEMORY", "a lot"),
        ("PDFJOB_RESYNC_PERIOD_SECONDS", "soon"),
        ("PDFJOB_LEASE", "without-a-namespace"),
        ("PDFJOB_RESOURCES", '{"limits": {"memory": "much"}}'),
        ("PDFJOB_RESOURCES", '{"requests": {"memory": "much"}}'),
        ("PDFJOB_RESOURCES", '{"limits": {"memory": true}}'),
        ("PDFJOB_RESOURCES", '{"limits": {"memory": ["1Gi"]}}'),
        ("PDFJOB_RESOURCES", '{"limits": {"memory": NaN}}'),
        ("PDFJOB_RESOURCES", "[]"),
        ("PDFJOB_GEMINI_REQUESTS_PER_MINUTE", "many"),
        ("PDFJOB_GEMINI_REQUESTS_PER_MINUTE", "0"),
        ("PDFJOB_GEMINI_TOKENS_PER_MINUTE", "1e+06"),
        ("PDFJOB_GEMINI_TOKENS_PER_MINUTE", "-1"),
        ("PDFJOB_POD_LABELS", "team=books"),
        ("PDFJOB_POD_LABELS", "[]"),
        ("PDFJOB_POD_LABELS", '{"team": 7}'),
        ("PDFJOB_REDIS_SECRET", "redis"),
        ("PDFJOB_REDIS_SECRET", "redis/"),
        ("PDFJOB_REDIS_SECRET", "books/redis/url"),
        ("PDFJOB_PRICES", "{"),
        ("PDFJOB_PRICES", '{"models": {"gemini-x": {"input": "free"}}}'),
    ],
)
def test_what_makes_no_sense_is_named(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        Settings.from_env({"PDFJOB_RUNNER_IMAGE": "x", variable: value})


def test_what_gemini_needs_is_read() -> None:
    settings = Settings.from_env(
        {
            "PDFJOB_RUNNER_IMAGE": "x",
            "PDFJOB_GEMINI_BASE_URL": "https://gateway.example.com",
            "PDFJOB_GEMINI_REQUESTS_PER_MINUTE": "15",
            "PDFJOB_GEMINI_TOKENS_PER_MINUTE": "4000000",
            "PDFJOB_REDIS_URL": "redis://redis:6379/0",
            "PDFJOB_REDIS_SECRET": "redis/url",
            "PDFJOB_PRICES": '{"models": {"gemini-x": {"input": 1, "output": 2}}}',
        }
    )

    assert settings.gemini_base_url == "https://gateway.example.com"
    assert (settings.gemini_requests_per_minute, settings.gemini_tokens_per_minute) == (15, 4_000_000)
    assert (settings.redis_url, settings.redis_secret) == ("redis://redis:6379/0", ("redis", "url"))
    assert list(settings.prices.models) == ["gemini-x"]


def test_gemini_can_be_used_without_any_of_it() -> None:
    names = ("GEMINI_BASE_URL", "GEMINI_REQUESTS_PER_MINUTE", "GEMINI_TOKENS_PER_MINUTE", "REDIS_URL", "REDIS_SECRET")
    empty = dict.fromkeys((f"PDFJOB_{name}" for name in (*names, "PRICES")), "")

    settings = Settings.from_env({"PDFJOB_RUNNER_IMAGE": "x", **empty})

    assert settings == Settings.from_env({"PDFJOB_RUNNER_IMAGE": "x"})
    assert (settings.gemini_requests_per_minute, settings.redis_secret, settings.prices) == (None, None, NO_PRICES)
