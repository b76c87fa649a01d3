"""The program `pdfjob`: prepares for signals before anything else, then loads the commands and runs one.

Imports next to nothing, because a Ctrl-C before `main` shows a traceback. `interrupts` handles signals during a run.
"""

from __future__ import annotations

import os
import signal

from pdfjob_cli.exit_codes import INTERRUPTED_MESSAGE, STOPS


def main() -> None:
    """Entry point."""
    for number in STOPS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup does, or a shell in the background
            signal.signal(number, _exit)
    from pdfjob_cli.app import app  # noqa: PLC0415 (takes a second, in which Ctrl-C would otherwise show a traceback)

    app()


def _exit(number: int, _frame: object) -> None:
    """End the process at once: before and after a run, there is nothing to clean up."""
    os.write(2, f"{INTERRUPTED_MESSAGE}\n".encode())
    os._exit(128 + number)


if __name__ == "__main__":
    main()
