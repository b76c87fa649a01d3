"""HTTP endpoints: `/healthz` for the liveness probe, `/readyz` for the readiness probe, `/metrics` for Prometheus.

A watch can stop although the process runs. So the operator only counts as healthy if its watches deliver its own writes
and its work queue moves. Neither an unavailable API server nor a backlog makes it unhealthy, because a restart would
not help: a queue that moves may be long, and a watch that delivers anything may be late.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from pdfjob_operator.metrics import registry


if TYPE_CHECKING:
    from collections.abc import Callable


log = logging.getLogger(__name__)

MAX_WATCH_LAG_SECONDS = 90
"""Watch lag at which the operator is unhealthy. A watch that was cut off is back within a minute."""

MAX_QUEUE_STALL_SECONDS = 300
"""Time without a reconcile, although PdfJobs are due, at which the operator is unhealthy. One reconcile takes at most
`work_queue.PROCESS_TIMEOUT_SECONDS`."""

LAG_PERIOD_SECONDS = 1.0
"""Time between two measurements of the event loop's lag."""


def unhealthy_reason(*, leading_seconds: float, watch_lag: float, queue_stall: float) -> str | None:
    """Return why the operator is unhealthy, or `None` if it is healthy.

    Args:
        leading_seconds: Seconds since the operator became the leader; it is not responsible for anything earlier.
        watch_lag: Seconds for which a watch has delivered nothing, although a write should have come back.
        queue_stall: Seconds for which PdfJobs have been due and none was reconciled.
    """
    if min(watch_lag, leading_seconds) > MAX_WATCH_LAG_SECONDS:
        return f"the watch has not delivered the operator's own writes for {watch_lag:.0f} s"
    if min(queue_stall, leading_seconds) > MAX_QUEUE_STALL_SECONDS:
        return f"PdfJobs are due, but the work queue has not moved for {queue_stall:.0f} s"
    return None


async def serve(port: int, unhealthy: Callable[[], str | None], ready: Callable[[], bool]) -> web.AppRunner:
    """Serve the endpoints on this port until the returned runner is cleaned up.

    Args:
        port: TCP port, on all addresses.
        unhealthy: Returns why the operator is unhealthy, or `None`.
        ready: Returns whether the operator is the leader.
    """

    async def healthz(_: web.Request) -> web.Response:
        reason = unhealthy()
        if reason is not None:
            log.error("unhealthy: %s", reason)  # after the restart, nobody can ask any more
        return web.Response(text=reason or "ok", status=503 if reason else 200)

    async def readyz(_: web.Request) -> web.Response:
        return web.Response(text="ok") if ready() else web.Response(text="waiting for the lease", status=503)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry.REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    dual_stack = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if dual_stack else socket.AF_INET
    await web.SockSite(runner, socket.create_server(("", port), family=family, dualstack_ipv6=dual_stack)).start()
    return runner


async def measure_event_loop_lag() -> None:
    """Measure how late the event loop is, until cancelled. A blocked event loop does not answer probes either."""
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        await asyncio.sleep(LAG_PERIOD_SECONDS)
        registry.EVENT_LOOP_LAG.set(max(loop.time() - began - LAG_PERIOD_SECONDS, 0))
