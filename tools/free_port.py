"""Ports of this machine for servers that tests start: each belongs to one process for as long as it lives."""

import fcntl
import os
import socket
import tempfile
from pathlib import Path


PORTS = range(20000, 30000)
"""Below the ports that systems give to clients (Linux from 32768), which would take one in between."""

_reserved: list[int] = []
"""File descriptors; the locks on them end with this process."""


def free_port() -> int:
    """Return a port on which nothing listens, and which no other process gets from here.

    Raises:
        RuntimeError: All are taken.
    """
    folder = Path(tempfile.gettempdir(), f"pdfjob-ports-{os.getuid()}")
    folder.mkdir(exist_ok=True)
    for port in PORTS:
        reserved = os.open(folder / str(port), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(reserved, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.create_server(("", port)):
                pass
        except OSError:
            os.close(reserved)
        else:
            _reserved.append(reserved)
            return port
    raise RuntimeError(f"no port of {PORTS} is free")
