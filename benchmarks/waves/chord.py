"""A Celery chord with warm workers on a Redis: what a PdfJob replaces.

The workers wait between jobs, so nothing has to start when one comes. They import this module, too, and find the Redis
in `CELERY_BROKER_URL`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from celery import Celery, chord
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from tools.free_port import free_port
from tools.prerequisites import programs


if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.waves.contenders import Case


BROKER_URL = "CELERY_BROKER_URL"
START_SECONDS = 60

_address = os.environ.get(BROKER_URL)
app = Celery("chord", broker=_address, backend=_address)


def _work(seconds: float) -> int:
    time.sleep(seconds)
    return 1


def _merge(results: list[int]) -> int:
    return sum(results)


# Not as decorators, for which Celery has no types.
work = app.task(_work)
merge = app.task(_merge)


@contextmanager
def broker() -> Iterator[None]:
    """Run a Redis on loopback while the block runs, and make it the application's."""
    port = free_port()
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    with subprocess.Popen([programs.path_of("redis-server"), *options], stdout=subprocess.DEVNULL) as server:
        try:
            retry = Retry(ConstantBackoff(0.1), int(START_SECONDS / 0.1))
            Redis(port=port, retry=retry, retry_on_error=[ConnectionError]).ping()
            os.environ[BROKER_URL] = address = f"redis://127.0.0.1:{port}/0"
            app.conf.update(broker_url=address, result_backend=address)
            yield
        finally:
            server.terminate()


def seconds_of(case: Case) -> float:
    """Return the seconds that warm workers take for a case."""
    with _workers(case.workers):
        started = time.perf_counter()
        result = chord([work.s(case.seconds)] * case.chunks)(merge.s())
        done = result.get(interval=0.01)
        elapsed = time.perf_counter() - started
    if done != case.chunks:
        raise RuntimeError(f"{done} of {case.chunks} chunks are done")
    return elapsed


def idle_mebibytes(workers: int) -> float:
    """Return the memory that so many workers hold while they wait, in MiB; what they share counts once."""
    with _workers(workers) as worker:
        children = Path(f"/proc/{worker}/task/{worker}/children").read_text().split()
        return sum(_proportional_kibibytes(process) for process in [str(worker), *children]) / 1024


@contextmanager
def _workers(number: int) -> Iterator[int]:
    """Run workers while the block runs, which begins once they are ready; yield the id of their parent process."""
    command = [sys.executable, "-W", "ignore", "-m", "celery", "--app", __name__, "worker", f"--concurrency={number}"]
    with subprocess.Popen([*command, "--loglevel=ERROR"], stdout=subprocess.DEVNULL) as worker:
        try:
            deadline = time.monotonic() + START_SECONDS
            while not app.control.ping(timeout=0.5):
                if time.monotonic() > deadline:
                    raise RuntimeError("Celery's workers do not answer")
            yield worker.pid
        finally:
            worker.terminate()


def _proportional_kibibytes(process: str) -> int:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
