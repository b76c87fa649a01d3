from chunk_runner.coordination.coordinator import local_coordinator, renewed_claim
from chunk_runner.coordination.rate_limiter import RateLimits


def test_a_process_without_redis_buys_its_own_answers() -> None:
    answers = local_coordinator(RateLimits(requests=1)).answers

    assert answers.claim("page")
    answers.put("page", b"what it says")
    assert answers.get("page") is None


def test_a_claim_is_released_at_the_end_of_the_block() -> None:
    released: list[str] = []

    class Answers:
        rejected = 0

        def get(self, key: str) -> bytes | None:
            raise NotImplementedError(key)

        def put(self, key: str, answer: bytes) -> None: ...

        def claim(self, key: str) -> bool:
            raise NotImplementedError(key)

        def release(self, key: str) -> None:
            released.append(key)

    with renewed_claim(Answers(), "page"):
        assert released == []

    assert released == ["page"]
