"""The program `pdfjob`: takes care of Ctrl-C from the first moment on, then loads the commands and runs one."""

from __future__ import annotations

from pdfjob_cli import interrupts


def main() -> None:
    """Entry point."""
    interrupts.exit_at_once()
    from pdfjob_cli.app import app  # noqa: PLC0415 (takes a second, in which Ctrl-C would otherwise show a traceback)

    app()


if __name__ == "__main__":
    main()
