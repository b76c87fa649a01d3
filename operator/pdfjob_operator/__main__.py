"""The operator's process: configuration, connection, and everything that runs, started together and ended together."""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from pythonjsonlogger.json import JsonFormatter

from pdfjob_operator.api.cluster import Kube
from pdfjob_operator.configuration.settings import Settings, SettingsError
from pdfjob_operator.garbage_collection.collector import Sweeps
from pdfjob_operator.metrics import registry
from pdfjob_operator.metrics.job_states import Census
from pdfjob_operator.metrics.recorder import Accounts
from pdfjob_operator.observation.page_progress import Live
from pdfjob_operator.reconciler import Reconciler
from pdfjob_operator.runtime import health
from pdfjob_operator.runtime.leader_election import Lease, LeaseLostError
from pdfjob_operator.runtime.retry_policy import patience
from pdfjob_operator.runtime.watch_liveness import Echo
from pdfjob_operator.runtime.work_queue import Queue
from pdfjob_operator.triggers import handlers
from pdfjob_operator.triggers.resync import resync_forever


if TYPE_CHECKING:
    from collections.abc import Callable


log = logging.getLogger(__name__)


def main() -> None:
    """Entry point."""
    try:
        settings = Settings.from_env()
    except SettingsError as error:
        sys.exit(f"pdfjob-operator: {error}")
    _log(settings)
    try:
        asyncio.run(operate(settings))
    except LeaseLostError as error:
        sys.exit(f"pdfjob-operator: {error}: this one ends.")


def _utc_now() -> datetime:
    return datetime.now(UTC)


async def operate(settings: Settings, *, now: Callable[[], datetime] = _utc_now) -> None:
    """Operate until a signal ends it.

    Args:
        settings: The configuration.
        now: The wall clock; everything that only waits goes by the event loop's.

    Raises:
        LeaseLostError: Another operator has taken over.
    """
    async with Kube() as kube:
        lease = Lease(kube, settings.lease, f"{socket.gethostname()}_{secrets.token_hex(4)}", now)
        echo = Echo()
        census, accounts = Census(), Accounts(settings.prices)
        sweeps = Sweeps(kube, settings, now, lease.held, accounts)
        live = Live(settings.redis_url) if settings.redis_url else None
        reconciler = Reconciler(
            kube, settings, echo=echo, accounts=accounts, census=census, note=sweeps.note, now=now, live=live
        )
        queue = Queue(reconciler.reconcile, patience=patience, gate=lease.held)
        registry.QUEUE_DEPTH.set_function(lambda: len(queue))
        registry.QUEUE_AGE.set_function(queue.oldest)
        registry.ECHO_AGE.set_function(echo.age)
        registry.BUILD.labels(version("pdfjob")).set(1)
        census.publish()
        accounts.publish()

        def ill() -> str | None:
            return health.illness(held_for=lease.held_for(), echo_age=echo.age(), queue_age=queue.oldest())

        server = await health.serve(settings.health_port, ill, ready=lease.is_held)
        # Kopf cancels every task that is younger than itself when it ends, so that it comes last.
        tasks = [
            asyncio.create_task(work)
            for work in (
                lease.hold(),
                queue.run(),
                sweeps.queue.run(),
                resync_forever(kube, settings, queue, sweeps, echo, census),
                health.measure_lag(),
            )
        ]
        await asyncio.sleep(0)  # the queues start their workers
        tasks.append(asyncio.create_task(handlers.watch(settings, queue, sweeps, echo, census)))
        try:
            await _until_one_ends(tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await lease.release()
            await server.cleanup()
            if live is not None:
                await live.close()


async def _until_one_ends(tasks: list[asyncio.Task[None]]) -> None:
    """Wait until any of them ends, and raise what ended it: an operator that does half its work would look alive."""
    ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in ended:
        await task


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
