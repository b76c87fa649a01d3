"""`chunk-runner prepare | process | merge | sweep`: what a pod runs. Runs one stage and reports how it ended."""

from __future__ import annotations

import importlib
import logging
import os
import sys
from typing import TYPE_CHECKING, Never

from chunk_runner.commands import arguments, termination


if TYPE_CHECKING:
    from collections.abc import Callable

    from chunk_runner.commands.arguments import Arguments
    from chunk_runner.contract.exit_codes import ExitCode
    from chunk_runner.contract.report import Report

    Command = Callable[[Arguments], tuple[Report, ExitCode]]


log = logging.getLogger("chunk_runner")

_STAGES_WITH_PDFS = ("prepare", "process")


def main() -> Never:
    """Entry point."""
    parsed = arguments.parse()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    termination.stop_on_sigterm()
    os.umask(0o002)  # a platform may run each pod of a job as another user, all of them in one group
    try:
        command = _command(parsed.stage)
        if parsed.stage in _STAGES_WITH_PDFS:
            _start_sandbox()
        report, code = command(parsed)
    except (Exception, SystemExit) as error:  # SIGTERM raises SystemExit
        log.debug("the stage failed", exc_info=True)
        report, code = termination.failed(error)
    sys.exit(termination.publish(report, code, file=parsed.report, folder=parsed.folder))


def _command(stage: str) -> Command:
    """Return the command of a stage, loaded with its own modules only: chunk pods start often and split no PDF."""
    command: Command = importlib.import_module(f"chunk_runner.commands.{stage}").run
    return command


def _start_sandbox() -> None:
    """Start the process that PDFs are handled in, before this one reads a secret; say once how safe it is."""
    from chunk_runner.sandbox import confinement, template  # noqa: PLC0415 (merge and sweep have no use for them)

    template.start()
    log.info("%s", confinement.offered())
    if problem := confinement.missing():
        log.warning("%s", problem)


if __name__ == "__main__":
    main()
