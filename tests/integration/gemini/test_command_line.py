"""`pdfjob run --processor gemini`: the same answers, and Ctrl-C that loses none."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from integration.gemini.book import ALL
from processes.pods import Pods
from processes.running import PATIENCE_SECONDS, descendants, start_pdfjob, until
from sizes import cases
from tools.fake_gemini.server import GeminiServer


STOPS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]
ENDS = [*STOPS, signal.SIGKILL, signal.SIGUSR1]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pdfjob_cli", "run", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)


def test_the_command_line_does_the_same(pods: Pods, server: GeminiServer, tmp_path: Path) -> None:
    server.plan("429", "maxtokens")

    done = run(pods.volume / "book.pdf", "-o", tmp_path / "out.json", "--processor", "gemini", "--pages-per-chunk", "2")

    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out.json").read_text())
    assert [it["text"] for it in found["sentences"]] == ALL
    assert found["tokens"] == server.tokens()
    assert f"{server.tokens()['total']:,}" in done.stdout


def test_the_command_line_stops_at_a_refused_key(pods: Pods, server: GeminiServer, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("bad-key\n")
    options = [
        "--processor",
        "gemini",
        "--pages-per-chunk",
        "1",
        "--workers",
        "1",
        "--api-key-file",
        str(tmp_path / "key"),
    ]

    done = run(pods.volume / "book.pdf", "-o", tmp_path / "out.json", *options)

    assert done.returncode == 1
    assert "ConfigurationError" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(server.log()) == 1


@pytest.mark.exhaustive
def test_ctrl_c_begins_nothing_more(pods: Pods, server: GeminiServer, tmp_path: Path) -> None:
    server.configure(rules=[{"match": ".", "fault": "429"}], retry_delay=60)
    options = ["--processor", "gemini", "--workers", "2", "--pages-per-chunk", "1", "-o", str(tmp_path / "out.json")]
    with start_pdfjob("run", pods.volume / "book.pdf", *options) as process:
        until(lambda: len(server.log()) == 2)
        process.send_signal(signal.SIGINT)
        code = process.wait()

    assert code == 130
    assert "0 of 4 chunks are kept" in process.err
    assert len(server.log()) == 2


@pytest.mark.parametrize("number", cases(ENDS, quick=[signal.SIGTERM, signal.SIGKILL]))
@pytest.mark.parametrize("fault", cases(["503", "timeout"], quick=["503"]))
def test_nothing_is_asked_and_nothing_is_alive_after_a_run_however_it_ended(
    number: signal.Signals, fault: str, pods: Pods, server: GeminiServer, tmp_path: Path
) -> None:
    server.configure(rules=[{"match": ".", "fault": fault}])
    options = ["--processor", "gemini", "--workers", "2", "--pages-per-chunk", "1", "-o", str(tmp_path / "out.json")]
    with start_pdfjob("run", pods.volume / "book.pdf", *options) as process:
        until(lambda: len(server.log()) >= 2)
        started = descendants(process.pid)
        process.send_signal(number)
        code = process.wait()
        until(lambda: not any(it.is_running() for it in started))

    asked = len(server.log())
    assert len(started) >= 4  # the server that forks, the tracker of resources, two workers
    assert code == (128 + number if number in STOPS else -number)
    assert "Traceback" not in process.err
    assert "leaked" not in process.err
    if number in STOPS:
        assert process.err.splitlines()[-1].startswith("Interrupted. 0 of 4 chunks are kept")
    server.configure(rules=[])
    done = run(pods.volume / "book.pdf", *options, "--resume")
    assert done.returncode == 0, done.stderr
    assert len(server.log()) == asked + 4


def test_chunks_that_run_at_once_have_attempts_of_their_own(pods: Pods, server: GeminiServer, tmp_path: Path) -> None:
    """Their temporary files carry these names: workers with the same one would replace each other's files."""
    server.configure(held=True)
    options = ["--processor", "gemini", "--workers", "2", "--pages-per-chunk", "2", "-o", str(tmp_path / "out.json")]
    with start_pdfjob("run", pods.volume / "book.pdf", *options) as process:
        until(lambda: len(server.log()) == 2)
        process.send_signal(signal.SIGKILL)
        process.wait()

    files = sorted((tmp_path / ".out.json.pdfjob" / "attempts").glob("*.jsonl"))
    records = [json.loads(line) for path in files for line in path.read_text().split("\n") if line]
    assert len({record["attempt"] for record in records}) == len(files) == 2


def test_a_terminal_that_closes_ends_a_run_and_loses_no_answer(
    pods: Pods, server: GeminiServer, tmp_path: Path
) -> None:
    """The signal reaches every process of the group."""
    server.configure(held=True)
    options = ["--processor", "gemini", "--workers", "2", "--pages-per-chunk", "2", "-o", str(tmp_path / "out.json")]
    with start_pdfjob("run", pods.volume / "book.pdf", *options) as process:
        until(lambda: len(server.log()) == 2)
        for it in (*descendants(process.pid), psutil.Process(process.pid)):
            it.send_signal(signal.SIGHUP)
        until(lambda: "Ctrl-C again" in process.err)
        server.configure(held=False)
        code = process.wait()

    assert code == 129
    assert run(pods.volume / "book.pdf", *options, "--resume").returncode == 0
    assert len(server.log()) == 2


@pytest.mark.parametrize("times", cases([1, 2], quick=[2]))
def test_ctrl_c_waits_for_answers_that_are_paid_for_unless_it_comes_twice(
    times: int, pods: Pods, server: GeminiServer, tmp_path: Path
) -> None:
    server.configure(held=True)
    options = ["--processor", "gemini", "--workers", "2", "--pages-per-chunk", "2", "-o", str(tmp_path / "out.json")]
    with start_pdfjob("run", pods.volume / "book.pdf", *options) as process:
        until(lambda: len(server.log()) == 2)
        process.send_signal(signal.SIGINT)
        until(lambda: "Ctrl-C again" in process.err)
        if times == 2:
            process.send_signal(signal.SIGINT)
        else:
            server.configure(held=False)
        code = process.wait()

    assert code == 130
    assert "continue with --resume" in process.err
    assert "Traceback" not in process.err
    until(lambda: [it["client_gone"] for it in server.log()] == [times == 2] * 2)
    server.configure(held=False)
    assert run(pods.volume / "book.pdf", *options, "--resume").returncode == 0
    assert len(server.log()) == 2 * times
    assert [it["text"] for it in json.loads((tmp_path / "out.json").read_text())["sentences"]] == ALL


WRONG_USAGE = {
    "need --processor gemini": ["--model", "gemini-3.5-flash-lite"],
    "needs a prompt": ["--processor", "gemini", "--schema-file", "schema"],
    "No such file": ["--processor", "gemini", "--api-key-file", "nowhere"],
}


@pytest.mark.parametrize("sentence", cases(WRONG_USAGE, quick=["needs a prompt"]))
def test_wrong_usage_is_told_in_a_sentence(sentence: str, pods: Pods, tmp_path: Path) -> None:
    (tmp_path / "schema").write_text("{}")
    given = [str(tmp_path / it) if it in ("schema", "nowhere") else it for it in WRONG_USAGE[sentence]]

    done = run(pods.volume / "book.pdf", *given)

    assert done.returncode == 2
    assert sentence in " ".join(done.stderr.replace("│", " ").split())
