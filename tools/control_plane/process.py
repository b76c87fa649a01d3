"""The operator as a process of this machine, that can be killed, stopped, and started twice."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import psutil
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tools.control_plane.event_log import PATIENCE_SECONDS
from tools.free_port import free_port


_GRACE_SECONDS = 30


class OperatorProcess:
    """The real operator, with a log file.

    Attributes:
        log: Its log file.

    Args:
        kubeconfig: Its cluster.
        log: Its log file; written on.
        environment: Its configuration, but for the image and the health port.
    """

    def __init__(self, kubeconfig: Path, log: Path, environment: dict[str, str]) -> None:
        self.log = log
        self._port = free_port()
        own = {key: value for key, value in os.environ.items() if not key.startswith(("PDFJOB_", "KUBE"))}
        own |= {"PDFJOB_RUNNER_IMAGE": "no.such/image:none", "PDFJOB_HEALTH_PORT": str(self._port)}
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pdfjob_operator"],
                env={**own, "KUBECONFIG": str(kubeconfig), **environment},
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._process.kill()
        self._process.wait()

    def end(self) -> int:
        """Ask it to end, as a Deployment would, and return its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
        try:
            return self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL

    def exit_code(self) -> int:
        """Wait until it ends by itself, and return its exit code."""
        return self._process.wait(PATIENCE_SECONDS)

    def wait_alive(self) -> None:
        """Wait until it answers."""
        self._wait("/metrics")

    def wait_ready(self) -> None:
        """Wait until it is in charge."""
        self._wait("/readyz")

    def is_healthy(self) -> bool:
        """What it says of itself."""
        return self._ask("/healthz")[0] == HTTPStatus.OK

    def samples(self, name: str) -> list[Sample]:
        """What a metric says, with its labels."""
        status, text = self._ask("/metrics")
        assert status == HTTPStatus.OK, text
        return [it for family in text_string_to_metric_families(text) for it in family.samples if it.name == name]

    def metric(self, name: str) -> float:
        """A metric, summed over its labels."""
        return sum(it.value for it in self.samples(name))

    def wait_metric(self, name: str, least: float) -> None:
        """Wait until a metric has grown to this."""
        _poll(lambda: self.metric(name) >= least, f"{name} of at least {least}")

    def wait_metric_at_most(self, name: str, most: float) -> None:
        """Wait until a metric has fallen to this."""
        _poll(lambda: self.metric(name) <= most, f"{name} of at most {most}")

    def resident_bytes(self) -> int:
        """Its resident memory."""
        return int(psutil.Process(self._process.pid).memory_info().rss)

    def peak_bytes(self) -> int:
        """Its resident memory when it had most of it (`VmHWM`, proc_pid_status(5))."""
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        (kibibytes,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
        return int(kibibytes) * 1024

    def _wait(self, path: str) -> None:
        def answers() -> bool:
            code = self._process.poll()
            assert code is None, f"the operator ended with {code}: {self.log.read_text()[-2000:]}"
            return self._ask(path)[0] == HTTPStatus.OK

        _poll(answers, f"{path} of the operator")

    def _ask(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)


def _poll(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE_SECONDS:.0f} s"
        time.sleep(0.1)
