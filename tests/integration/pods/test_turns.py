"""More pods than workers: a pod that has started waits for its turn."""

import json
import signal
import socket

from chunk_runner.contract.exit_codes import ExitCode
from integration.pods.job import attempts
from processes.pods import Pods
from processes.running import Running, until
from tools.free_port import free_port


def start(pods: Pods, index: int, **env: str) -> Running:
    return pods.start("process", JOB_COMPLETION_INDEX=str(index), PDFJOB_WORKERS="1", **env)


def has_ticket(pods: Pods, number: int) -> bool:
    return (pods.workspace / "tickets" / "0" / f"{number:05}.jsonl").exists()


def began_with(pods: Pods, number: int) -> list[int]:
    """The attempts that were under way when that of a ticket began."""
    lines = (pods.workspace / "tickets" / "0" / f"{number:05}.jsonl").read_text().splitlines()
    (began,) = [found["began"] for line in lines if "began" in (found := json.loads(line))]
    return list(began)


def is_open(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_a_pod_waits_until_another_has_ended(prepared: Pods) -> None:
    at_first = prepared.barrier("chunks/00000.pdf")
    with start(prepared, 0) as first:
        at_first.wait()
        with start(prepared, 1) as told_to_stop, start(prepared, 2) as third:
            until(lambda: has_ticket(prepared, 2))
            told_to_stop.send_signal(signal.SIGTERM)
            assert told_to_stop.wait() == ExitCode.INTERRUPTED
            assert {name for name in prepared.files() if name.startswith("attempts/")} == {"attempts/00000.jsonl"}

            at_first.open()
            assert (first.wait(), third.wait()) == (0, 0)
    assert prepared.process(1)[0] == 0  # without a limit, it asks nobody

    assert [it["event"] for it in attempts(prepared, 1)] == ["started", "ok"]
    assert began_with(prepared, 0) == []
    code, report = prepared.run("merge")
    assert (code, report.failure) == (0, None)
    assert prepared.files() == {"output.json", "report.json"}


def test_a_pod_is_ready_only_while_it_works(prepared: Pods) -> None:
    at_work, waits = free_port(), free_port()
    at_first, at_second = (prepared.barrier(f"chunks/0000{index}.pdf") for index in (0, 1))
    with start(prepared, 0, PDFJOB_READY_PORT=str(at_work)) as first:
        at_first.wait()
        with start(prepared, 1, PDFJOB_READY_PORT=str(waits)) as second:
            until(lambda: has_ticket(prepared, 1))
            assert (is_open(at_work), is_open(waits)) == (True, False)

            at_first.open()
            at_second.wait()
            assert is_open(waits)
            at_second.open()
            assert (first.wait(), second.wait()) == (0, 0)
    assert began_with(prepared, 1) == []
