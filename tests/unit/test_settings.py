from typing import Any

import pytest

from pdfjob_operator.settings import Settings, SettingsError


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


@pytest.mark.parametrize("resources", [{}, {"requests": {"cpu": "1"}}, {"limits": {"memory": "8Gi"}}])
def test_memory_without_a_limit_or_beyond_the_highest_stays_as_it_is(resources: dict[str, Any]) -> None:
    settings = Settings(runner_image="x", resources=resources)

    assert settings.resources_with(3) == resources or settings.resources_with(3)["limits"]["memory"] == "8192Mi"
    assert not settings.can_double(1)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PDFJOB_MAX_MEMORY", "a lot"),
        ("PDFJOB_RESYNC_SECONDS", "soon"),
        ("PDFJOB_LEASE", "without-a-namespace"),
        ("PDFJOB_RESOURCES", '{"limits": {"memory": "much"}}'),
        ("PDFJOB_RESOURCES", "[]"),
    ],
)
def test_what_makes_no_sense_is_named(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        Settings.from_env({"PDFJOB_RUNNER_IMAGE": "x", variable: value})
