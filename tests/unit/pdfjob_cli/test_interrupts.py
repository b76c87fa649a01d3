import signal
from collections.abc import Iterator

import pytest

from pdfjob_cli import interrupts
from pdfjob_cli.exit_codes import STOPS, Exit


@pytest.fixture(autouse=True)
def not_ignored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No signal is ignored; some are if the tests run in the background of a shell, or with `nohup`."""
    monkeypatch.setattr(interrupts, "_received", [])
    before = {number: signal.signal(number, signal.SIG_DFL) for number in STOPS}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", STOPS)
def test_a_signal_is_an_exception_within_the_block_only(number: signal.Signals) -> None:
    before = signal.getsignal(number)

    with pytest.raises(KeyboardInterrupt), interrupts.raised():
        signal.raise_signal(number)

    assert signal.getsignal(number) is before
    assert interrupts.exit_code(Exit.INTERRUPTED) == 128 + number
    assert interrupts.exit_code(Exit.PARTIAL) == 3


def test_the_first_signal_decides_on_the_exit_code() -> None:
    with interrupts.raised():
        for number in (signal.SIGHUP, signal.SIGTERM):
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(number)

    assert interrupts.exit_code(Exit.INTERRUPTED) == 129


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interrupts.raised():
            signal.raise_signal(signal.SIGHUP)
            with interrupts.deferred():
                signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_must_not_be_left_half_done_is_done_first(number: signal.Signals) -> None:
    done: list[signal.Signals] = []

    def work() -> None:
        signal.raise_signal(number)
        done.append(number)

    with pytest.raises(KeyboardInterrupt), interrupts.raised(), interrupts.deferred():
        work()

    assert done == [number]


def test_what_is_not_interrupted_raises_nothing() -> None:
    with interrupts.raised(), interrupts.deferred(), interrupts.kept_from_children():
        pass

    assert not set(STOPS) & signal.pthread_sigmask(signal.SIG_BLOCK, [])
    assert interrupts.exit_code(Exit.INTERRUPTED) == 130
