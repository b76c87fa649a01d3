"""The limits of a child, by the limit of its pod."""

import pytest

from chunk_runner.errors import UsageError
from chunk_runner.sandbox.limits import ResourceLimits


MEBIBYTE = 1 << 20


@pytest.mark.parametrize(
    ("pod", "memory"),
    [
        (str(1024 * MEBIBYTE), 864 * MEBIBYTE),
        (str(64 * MEBIBYTE), 128 * MEBIBYTE),
        ("", 1024 * MEBIBYTE),
    ],
    ids=["a pod", "a tiny pod", "no pod"],
)
def test_the_parent_has_room_in_its_pod(monkeypatch: pytest.MonkeyPatch, pod: str, memory: int) -> None:
    monkeypatch.setenv("PDFJOB_MEMORY_LIMIT", pod)

    assert ResourceLimits.for_child(cpu_seconds=1).memory_bytes == memory


def test_a_memory_limit_that_is_not_a_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDFJOB_MEMORY_LIMIT", "1Gi")

    with pytest.raises(UsageError, match="PDFJOB_MEMORY_LIMIT is “1Gi”, but must be a whole number"):
        ResourceLimits.for_child(cpu_seconds=1)
