"""Selections that anybody can make long: what is kept of them."""

from collections.abc import AsyncIterator
from typing import Any
from weakref import WeakSet

from pdfjob_operator.api.client import Client
from pdfjob_operator.api.cluster import Cluster, newest


class EventsClient(Client):
    """A client that finds so many Events, and remembers how many were asked for."""

    def __init__(self, number: int) -> None:
        self._number = number
        self.limits: list[object] = []

    async def list(self, *_: object, **options: Any) -> AsyncIterator[dict[str, Any]]:
        self.limits.append(options["limit"])
        for number in range(min(self._number, options["limit"])):
            yield {"lastTimestamp": f"2026-11-23T12:{number // 60:02d}:{number % 60:02d}Z", "message": str(number)}


async def test_the_newest_of_many_events_about_an_object_come_first() -> None:
    client = EventsClient(100_000)

    events = await Cluster(client).warnings("books", "pod-uid")

    assert [event["message"] for event in events] == [str(number) for number in range(499, 479, -1)]
    assert client.limits == [500]


async def test_the_newest_are_kept_in_whatever_order_they_come() -> None:
    async def found() -> AsyncIterator[str]:
        for number in range(1000):
            yield f"{number * 7919 % 1000:03d}"

    assert await newest(found(), 3, lambda item: item) == ["997", "998", "999"]
    assert await newest(found(), 2000, lambda item: item) == [f"{number:03d}" for number in range(1000)]


async def test_of_a_long_stream_few_items_are_held() -> None:
    class Item:
        def __init__(self, time: str) -> None:
            self.time = time
            held.add(self)

    held: WeakSet[Item] = WeakSet()
    most = 0

    async def found() -> AsyncIterator[Item]:
        nonlocal most
        for number in range(1000):
            yield Item(f"{number:04d}")
            most = max(most, len(held))

    kept = await newest(found(), 5, lambda item: item.time)

    assert [item.time for item in kept] == ["0995", "0996", "0997", "0998", "0999"]
    assert most <= 11
