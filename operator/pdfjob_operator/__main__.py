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

from pdfjob_operator.api.client import Client
from pdfjob_operator.api.cluster import Cluster
from pdfjob_operator.api.leases import Leases
from pdfjob_operator.configuration.environment import SettingsError, load_settings
from pdfjob_operator.configuration.settings import Settings
from pdfjob_operator.garbage_collection.collector import GarbageCollector
from pdfjob_operator.metrics import registry
from pdfjob_operator.metrics.job_gauges import JobGauges
from pdfjob_operator.metrics.namespace_labels import NamespaceLabels
from pdfjob_operator.metrics.recorder import MetricsRecorder
from pdfjob_operator.observation.observer import Observer
from pdfjob_operator.observation.page_progress import PageProgress
from pdfjob_operator.reconciler import Reconciler
from pdfjob_operator.reporting.reporter import Reporter
from pdfjob_operator.runtime import health
from pdfjob_operator.runtime.admission import Admission
from pdfjob_operator.runtime.leader_election import LeaderElection, LeadershipLostError
from pdfjob_operator.runtime.watch_liveness import WatchLiveness
from pdfjob_operator.runtime.work_queue import WorkQueue
from pdfjob_operator.triggers import handlers
from pdfjob_operator.triggers.resync import resync_forever
from pdfjob_operator.triggers.tracker import Tracker


if TYPE_CHECKING:
    from collections.abc import Callable


log = logging.getLogger(__name__)


def main() -> None:
    """Run the operator with the configuration from the environment."""
    try:
        settings = load_settings()
    except SettingsError as error:
        sys.exit(f"pdfjob-operator: {error}")
    _log(settings)
    try:
        asyncio.run(operate(settings))
    except LeadershipLostError as error:
        sys.exit(f"pdfjob-operator: {error}; exiting.")


def _utc_now() -> datetime:
    return datetime.now(UTC)


async def operate(settings: Settings, *, now: Callable[[], datetime] = _utc_now) -> None:
    """Run the operator until a signal stops it.

    Args:
        settings: The operator's configuration.
        now: The wall clock. Durations are measured by the event loop's clock.

    Raises:
        LeadershipLostError: Another operator has become the leader.
    """
    async with Client() as client:
        cluster = Cluster(client)
        leader_election = LeaderElection(
            Leases(client), settings.lease, f"{socket.gethostname()}_{secrets.token_hex(4)}", now
        )
        liveness = WatchLiveness()
        namespaces = NamespaceLabels(settings.metrics_max_namespaces, settings.prices)
        job_gauges, recorder = JobGauges(namespaces), MetricsRecorder(settings.prices, namespaces)
        collector = GarbageCollector(cluster, settings, now, leader_election.wait_until_leader, recorder)
        admission = Admission(settings.max_pdfjobs_per_namespace)
        page_progress = PageProgress(settings.redis_url) if settings.redis_url else None
        reporter = Reporter(cluster, settings, liveness=liveness, recorder=recorder, job_gauges=job_gauges)
        reconciler = Reconciler(
            cluster,
            settings,
            observer=Observer(
                cluster,
                now,
                settings,
                page_progress,
                admission=admission,
            ),
            reporter=reporter,
            claims=collector.claims,
            liveness=liveness,
        )
        queue = WorkQueue(reconciler.reconcile, group=lambda key: key.namespace, gate=leader_election.wait_until_leader)
        tracker = Tracker(queue, collector, liveness, job_gauges, admission=admission, now=now)
        registry.QUEUE_DEPTH.set_function(lambda: len(queue))
        registry.QUEUE_LONGEST_WAIT.set_function(queue.longest_wait)
        registry.WATCH_LAG.set_function(liveness.lag)
        registry.BUILD_INFO.labels(version("pdfjob")).set(1)
        job_gauges.register()
        recorder.register()
        for namespace in settings.namespaces:
            namespaces.use(namespace)

        def unhealthy() -> str | None:
            return health.unhealthy_reason(
                leading_seconds=leader_election.leading_seconds(),
                watch_lag=liveness.lag(),
                queue_stall=queue.stalled_seconds(),
            )

        server = await health.serve(settings.health_port, unhealthy, ready=leader_election.is_leader)
        # When Kopf stops, it cancels every task that was created after its own, so its task comes last.
        tasks = [
            asyncio.create_task(work)
            for work in (
                leader_election.run(),
                queue.run(),
                collector.queue.run(),
                resync_forever(cluster, settings, tracker, collector),
                health.measure_event_loop_lag(),
            )
        ]
        await asyncio.sleep(0)  # lets the queues create their workers
        tasks.append(asyncio.create_task(handlers.watch(settings, tracker)))
        try:
            await _until_one_stops(tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await leader_election.release()
            await server.cleanup()
            if page_progress is not None:
                await page_progress.close()


async def _until_one_stops(tasks: list[asyncio.Task[None]]) -> None:
    """Wait until any task stops, and raise its error: an operator must not run on with only some of its tasks."""
    stopped, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in stopped:
        await task


def _log(settings: Settings) -> None:
    """Log to stderr, as plain lines or as JSON objects."""
    handler = logging.StreamHandler()
    if settings.log_json:
        handler.setFormatter(JsonFormatter("{asctime}{levelname}{name}{message}", style="{", timestamp=True))
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for library in ("httpx2", "aiohttp.access"):  # otherwise, they log each request and each probe
        logging.getLogger(library).setLevel(logging.WARNING)


if __name__ == "__main__":
    main()
