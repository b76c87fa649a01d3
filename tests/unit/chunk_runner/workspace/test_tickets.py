"""The order of turns: never too many under way, whatever is seen late, and nobody waits for the dead for ever."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from chunk_runner.workspace.files import Workspace
from chunk_runner.workspace.tickets import SILENT_SECONDS, TOUCH_SECONDS, Tickets


class Attempt:
    """An attempt, and what it does step by step."""

    def __init__(self, root: Path, name: str, now: Callable[[], float] = lambda: 0) -> None:
        self.tickets = Tickets(Workspace(root, name), now)
        self.number = self.tickets.take()
        self.is_under_way = False

    def look(self, workers: int) -> None:
        unended = self.tickets.unended_before(self.number)
        if len(unended) < workers:
            self.tickets.begin(self.number, unended)
            self.is_under_way = True


class Turns(RuleBasedStateMachine):
    """Attempts that come, look, end and are killed in any order; each looks when it likes, and so sees ends late."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._now = 0.0
        self.attempts: list[Attempt] = []
        self.taken = 0

    @initialize(workers=st.integers(1, 3))
    def begin(self, workers: int) -> None:
        self.workers = workers

    @rule()
    def come(self) -> None:
        attempt = Attempt(Path(self._folder.name), f"attempt-{self.taken}", lambda: self._now)
        assert attempt.number == self.taken
        self.taken += 1
        self.attempts.append(attempt)

    @precondition(lambda self: any(not it.is_under_way for it in self.attempts))
    @rule(data=st.data())
    def look(self, data: st.DataObject) -> None:
        waiting = [it for it in self.attempts if not it.is_under_way]
        data.draw(st.sampled_from(waiting)).look(self.workers)

    @precondition(lambda self: self.attempts)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        """Also one that waits, as a signal makes it."""
        attempt = data.draw(st.sampled_from(self.attempts))
        attempt.tickets.end(attempt.number)
        self.attempts.remove(attempt)

    @precondition(lambda self: self.attempts)
    @rule(data=st.data())
    def die(self, data: st.DataObject) -> None:
        """Without a mark."""
        self.attempts.remove(data.draw(st.sampled_from(self.attempts)))

    @rule()
    def wait(self) -> None:
        """Time passes, in which those alive touch their tickets, and those that wait look; two silences long."""
        for _ in range(2 * int(SILENT_SECONDS / TOUCH_SECONDS) + 2):
            self._now += TOUCH_SECONDS
            for attempt in self.attempts:
                attempt.tickets.touch(attempt.number)
            for attempt in self.attempts:
                if not attempt.is_under_way:
                    attempt.look(self.workers)
        under_way = sum(it.is_under_way for it in self.attempts)
        assert under_way == min(self.workers, len(self.attempts))  # the dead keep nobody waiting

    @invariant()
    def no_more_are_under_way_than_there_are_workers(self) -> None:
        assert sum(it.is_under_way for it in self.attempts) <= getattr(self, "workers", 0)

    def teardown(self) -> None:
        self._folder.cleanup()


def test_no_more_than_the_workers_are_under_way_and_the_dead_keep_nobody_waiting() -> None:
    run_state_machine_as_test(Turns, settings=settings(stateful_step_count=20))


def test_numbers_are_found_without_looking_at_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(100):
        assert Tickets(Workspace(tmp_path, f"attempt-{number}")).take() == number
    looks: list[Path] = []
    exists = Path.exists

    def counted(path: Path) -> bool:
        looks.append(path)
        return exists(path)

    monkeypatch.setattr(Path, "exists", counted)

    assert Tickets(Workspace(tmp_path, "last")).take() == 100
    assert len(looks) < 20


def test_the_end_of_an_attempt_brings_no_cleaned_workspace_back(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "job", "attempt")
    of_attempt = Tickets(workspace)
    number = of_attempt.take()
    workspace.clear()

    of_attempt.end(number)
    of_attempt.touch(number)

    assert list(workspace.root.iterdir()) == []


def test_a_line_that_was_cut_short_is_no_end(tmp_path: Path) -> None:
    first, second = (Attempt(tmp_path, name) for name in ("first", "second"))
    (ticket,) = (tmp_path / "tickets" / "0").glob("00000*")
    ticket.write_bytes(ticket.read_bytes() + b'{"end')

    assert second.tickets.unended_before(second.number) == {first.number}


@pytest.mark.parametrize(
    "line", [b"5", b"[" * 99999, b'{"began": 7}', b'{"began": [null, -1, 9, "0", 1e400]}', b"\xff\x00"]
)
def test_a_ticket_that_was_altered_is_not_the_end_of_its_attempt(tmp_path: Path, line: bytes) -> None:
    first, second = (Attempt(tmp_path, name) for name in ("first", "second"))
    (ticket,) = (tmp_path / "tickets" / "0").glob("00000*")
    ticket.write_bytes(line + b"\n")

    assert second.tickets.unended_before(second.number) == {first.number}
