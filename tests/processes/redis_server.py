"""A real Redis for tests: on loopback, on a free port, keeping nothing on the disk."""

import subprocess
import tempfile
from pathlib import Path
from typing import Self

from redis import Redis, RedisError

from processes.running import until
from tools.free_port import free_port
from tools.prerequisites import programs


class RedisServer:
    """A server that can be taken away and brought back, on the same port."""

    def __init__(self) -> None:
        self._program = programs.path_of("redis-server")
        self.port = free_port()
        self._folder = tempfile.TemporaryDirectory(prefix="pdfjob-redis-")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._folder.cleanup()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def client(self) -> "Redis":
        """A client of the tests' own."""
        return Redis(port=self.port, socket_timeout=1)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        log = Path(self._folder.name, "log")
        with log.open("ab") as file:
            self._process = subprocess.Popen([self._program, *options, "--dir", self._folder.name], stdout=file)
        until(self._answers)

    def stop(self) -> None:
        """End it, at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except (RedisError, OSError):
            return False
