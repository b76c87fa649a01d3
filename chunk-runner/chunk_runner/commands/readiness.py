"""The pod's readiness: a TCP port that is open while it processes its chunk, for the kubelet's probe."""

from __future__ import annotations

import logging
import socket
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger(__name__)


@contextmanager
def listening(port: int) -> Iterator[None]:
    """Accept and close connections to a port while the block runs; without the port, the pod merely looks idle."""
    try:
        server = socket.create_server(("", port))
    except OSError as error:
        log.warning("cannot listen on port %d, so this pod is never ready: %s", port, error.strerror)
        yield
        return
    Thread(target=_answer, args=(server,), daemon=True).start()
    try:
        yield
    finally:
        server.shutdown(socket.SHUT_RDWR)  # wakes the thread
        server.close()


def _answer(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:  # it is closed
            return
        connection.close()
