"""The service over HTTP, in a thread or as a program."""

import contextlib
import json
import os
import socket
import struct
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self

from tools.fake_gemini.behaviour import Gemini, tokens_of
from tools.fake_gemini.errors import JSON, UNTOLD, error, error_replies, invalid
from tools.fake_gemini.requests import RefusedError, Request


def naming(key: str, content: JSON | str | bytes) -> JSON | str | bytes:
    """A reply that shows the key that it speaks of."""
    return content if isinstance(content, str | bytes) else json.dumps(content).replace("{key}", key).encode()


class Server(ThreadingHTTPServer):
    """Serves in threads that do not outlive it, and closes its connections when it is told to."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], gemini: Gemini) -> None:
        self.gemini = gemini
        self.connections: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection."""
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        super().shutdown_request(request)
        self.connections.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report an error, unless a client has gone."""
        if not isinstance(sys.exception(), OSError):  # a client that gave up is no news
            super().handle_error(request, client_address)

    def end(self) -> None:
        """Close every connection, and wait for the threads to notice."""
        self.shutdown()
        self.server_close()
        deadline = time.monotonic() + 60
        while self.connections and time.monotonic() < deadline:
            for connection in list(self.connections):
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            time.sleep(0.005)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def log_message(self, *_: Any) -> None: ...

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?least=")
        if path == "/_fake/log":
            self._send(200, self.server.gemini.log(int(query or 0)))
        else:
            self._send(*error(404, "NOT_FOUND", f"There is nothing at {self.path}."))

    def do_PUT(self) -> None:
        try:
            assert self.path == "/_fake/plan"
            self.server.gemini.configure(**json.loads(self._body()))
        except (AssertionError, LookupError, TypeError, ValueError) as error:
            self._send(*invalid(repr(error)))
        else:
            self._send(200, asdict(self.server.gemini.behaviour))

    def do_POST(self) -> None:
        gemini, request, refused, body = self.server.gemini, Request(), None, self._body()
        try:
            request.read(self.path.partition("?")[0], self.headers, body, gemini.behaviour.minimum_deadline)
        except RefusedError as error:
            refused = error
        entry, reply = gemini.admit(request, refused)
        try:
            if reply is None:
                self._answer(request, entry)
            else:
                entry["status"] = reply[0]
                self._send(reply[0], naming(request.key, reply[1]))
        except OSError:
            self.close_connection = True
            entry |= {"client_gone": True, "status": None, "usage": None}

    def _answer(self, request: Request, entry: JSON) -> None:
        gemini, fault = self.server.gemini, entry["fault"]
        match fault:
            case "timeout":
                self._pause(gemini.behaviour.hang)
                entry["status"] = 504
                return self._send(*error_replies()["504"])
            case "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                os.close(self.connection.detach())  # at once: whoever closes it later says goodbye first
                self.close_connection = True
                return None
            case "hangup":
                self.close_connection = True
                return None
        self._pause(gemini.behaviour.latency)
        while gemini.behaviour.held:
            self._pause(0.02)
        response, finish = gemini.response(request, fault)
        raw = json.dumps(response, ensure_ascii=False).encode()
        entry["status"] = 200
        if fault not in UNTOLD:
            entry |= {"finish": finish, "usage": response["usageMetadata"]}
        replies: dict[str, JSON | str | bytes] = {
            "badbody": raw[:-9],
            "html200": "<!DOCTYPE html><html><title>Please log in to this network</title></html>",
            "empty200": b"",
        }
        if fault not in {"cutbody", "drip"}:
            return self._send(200, replies.get(fault, raw))
        self._send(200, raw, length=len(raw) // 2 if fault == "cutbody" else 0)
        for at in range(round(gemini.behaviour.hang * 5) if fault == "drip" else 0):
            self.wfile.write(raw[at : min(at + 1, len(raw) - 1)])  # never the last one
            self._pause(0.2)
        self.close_connection = True
        return None

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces: list[bytes] = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):  # an API server hands requests on in pieces
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _pause(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            ConnectionError: The client is gone, or the server ends.
        """
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.connection.settimeout(min(left, 0.1))
            with contextlib.suppress(TimeoutError):
                if not self.connection.recv(1, socket.MSG_PEEK):
                    raise ConnectionError
            self.connection.settimeout(None)

    def _send(self, code: int, content: Any, *, length: int | None = None) -> None:
        """Send a reply, of its body only so much."""
        kind = "text/html" if isinstance(content, str) else "application/json"
        text = content if isinstance(content, bytes | str) else json.dumps(content)
        data = text if isinstance(text, bytes) else text.encode()
        self.send_response(code)
        self.send_header("Content-Type", f"{kind}; charset=UTF-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[:length])


class GeminiServer:
    """The server in a thread, on a free port of this machine, for as long as the context lasts.

    Takes the same settings as `configure`.
    """

    def __init__(self, **settings: Any) -> None:
        self._gemini = Gemini()
        self._gemini.configure(**settings)

    def __enter__(self) -> Self:
        self._server = Server(("127.0.0.1", 0), self._gemini)
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.end()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def plan(self, *names: str) -> None:
        """Set the faults of the next requests."""
        self._gemini.configure(plan=names)

    def rules(self, rules: Sequence[Mapping[str, Any]]) -> None:
        """Set the faults of certain pages."""
        self._gemini.configure(rules=rules)

    def configure(self, *, clear: bool = False, **settings: Any) -> None:
        """Set anything of `Behaviour`; clear the log and the quotas that were used."""
        self._gemini.configure(clear=clear, **settings)

    def log(self) -> list[JSON]:
        """The requests that came, in order."""
        return self._gemini.log()

    def tokens(self) -> dict[str, int]:
        """What its clients were told that they used."""
        return tokens_of(self.log())
