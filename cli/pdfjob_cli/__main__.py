"""The program `pdfjob`: prepares for Ctrl-C before anything else, then loads the commands and runs one.

Imports next to nothing, because a Ctrl-C before `main` shows a traceback. `interrupts` handles Ctrl-C during a run.
"""

from __future__ import annotations

import os
import signal

from pdfjob_cli.exit_codes import INTERRUPTED_MESSAGE, Exit


def main() -> None:
    """Entry point."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # ignored by a shell that runs it in the background
        signal.signal(signal.SIGINT, _exit)
    from pdfjob_cli.app import app  # noqa: PLC0415 (takes a second, in which Ctrl-C would otherwise show a traceback)

    app()


def _exit(_number: int, _frame: object) -> None:
    """End the process at once: before and after a run, there is nothing to clean up."""
    os.write(2, f"{INTERRUPTED_MESSAGE}\n".encode())
    os._exit(Exit.INTERRUPTED)


if __name__ == "__main__":
    main()
