"""The server as a program. Every option but the address is a setting, as JSON: --plan '["429"]' --hang 5."""

import argparse
import contextlib
import json
import signal
import sys
from dataclasses import fields

from tools.fake_gemini.behaviour import Behaviour, Gemini
from tools.fake_gemini.server import Server


def main() -> None:
    """Serve until it is ended. Every option but the address is a setting, as JSON: --plan '["429"]' --hang 5."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    for it in fields(Behaviour):
        parser.add_argument(f"--{it.name.replace('_', '-')}", type=json.loads, default=argparse.SUPPRESS)
    settings = vars(parser.parse_args())
    gemini, address = Gemini(), (settings.pop("host"), settings.pop("port"))
    gemini.configure(**settings)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # the first process of a pod would ignore it
    with Server(address, gemini) as server, contextlib.suppress(KeyboardInterrupt):
        sys.stdout.write(f"http://{address[0]}:{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main()
