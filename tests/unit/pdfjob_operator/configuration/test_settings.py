from typing import Any

import pytest

from pdfjob_operator.configuration.settings import Settings


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
