"""The history that the cluster tests read from a watch: it is complete, or says that it is not."""

import json
from collections.abc import Iterator
from queue import Queue
from threading import Thread
from typing import Any

import pytest

from tools.kubectl.watch_history import History


def thing(name: str, version: int) -> dict[str, Any]:
    return {"metadata": {"name": name, "uid": name, "resourceVersion": str(version)}}


def listed(version: int, *things: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"resourceVersion": str(version)}, "items": list(things)}


def line(kind: str, name: str, version: int) -> str:
    return json.dumps({"type": kind, "object": thing(name, version)}) + "\n"


def versions(history: History) -> list[int]:
    return [int(state["metadata"]["resourceVersion"]) for state in history.states]


LATE = [line("MODIFIED", "a", 12), line("ADDED", "b", 14), line("DELETED", "a", 16)]


@pytest.mark.parametrize(
    ("end", "lines"),
    [
        (listed(13, thing("a", 12)), LATE[:1]),
        (listed(15, thing("a", 12), thing("b", 14)), LATE[:2]),
        (listed(16, thing("b", 14)), LATE),
    ],
    ids=["a change", "a new object", "a deletion"],
)
def test_the_end_waits_for_what_the_watch_delivers_late(end: dict[str, Any], lines: list[str]) -> None:
    history, watch = History(listed(11, thing("a", 10))), Queue[str]()
    reader = Thread(target=history.read, args=(iter(watch.get, ""),))
    reader.start()
    waiting = Thread(target=history.wait_until_told, args=(end,))
    waiting.start()

    for late in lines:
        assert waiting.is_alive()
        watch.put(late)
    waiting.join()

    told = [int(json.loads(it)["object"]["metadata"]["resourceVersion"]) for it in lines]
    assert versions(history) == [10, *told]
    watch.put("")
    reader.join()


def test_an_object_that_is_newer_than_the_end_is_not_waited_for() -> None:
    history = History(listed(11, thing("a", 10)))
    history.read([line("ADDED", "b", 20)])

    history.wait_until_told(listed(15, thing("a", 10)))


def test_a_watch_that_ended_too_early_is_no_history() -> None:
    def cut() -> Iterator[str]:
        yield line("MODIFIED", "a", 12)
        yield line("MODIFIED", "a", 13)[:-5]

    history = History(listed(11, thing("a", 10)))
    history.read(cut())

    assert versions(history) == [10, 12]
    with pytest.raises(AssertionError, match="listed at 13"):
        history.wait_until_told(listed(13, thing("a", 13)))
