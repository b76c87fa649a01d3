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
