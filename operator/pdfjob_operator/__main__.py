"""The operator's process: configuration, connection, queue and watch, started together and ended together."""

from __future__ import annotations

import asyncio
import logging
import sys

from pythonjsonlogger.json import JsonFormatter

from pdfjob_operator import handlers
from pdfjob_operator.kube import Kube
from pdfjob_operator.queue import Queue
from pdfjob_operator.reconcile import Reconciler
from pdfjob_operator.settings import Settings, SettingsError


def main() -> None:
    """Entry point."""
    try:
        settings = Settings.from_env()
    except SettingsError as error:
        sys.exit(f"pdfjob-operator: {error}")
    _log(settings)
    asyncio.run(operate(settings))


async def operate(settings: Settings) -> None:
    """Operate until a signal ends it."""
    async with Kube() as kube:
        await kube.wait_until_served(settings.namespaces)
        queue = Queue(Reconciler(kube, settings).reconcile)
        passes = asyncio.create_task(queue.run())
        watching = asyncio.create_task(handlers.watch(queue, settings))
        # Whichever ends first ends the other: an operator that watches but does not work would look alive.
        ended, going_on = await asyncio.wait((passes, watching), return_when=asyncio.FIRST_COMPLETED)
        for task in going_on:
            task.cancel()
        await asyncio.gather(*going_on, return_exceptions=True)
        for task in ended:
            await task  # raises what ended it


def _log(settings: Settings) -> None:
    """Log to stderr: lines for people, or JSON objects for a log store."""
    handler = logging.StreamHandler()
    if settings.log_json:
        handler.setFormatter(JsonFormatter("{asctime}{levelname}{name}{message}", style="{", timestamp=True))
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for library in ("httpx2", "aiohttp.access"):  # else a line for every request and every probe
        logging.getLogger(library).setLevel(logging.WARNING)


if __name__ == "__main__":
    main()
