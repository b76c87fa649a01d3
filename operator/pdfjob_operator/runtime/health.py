"""Health: `/healthz` for whoever restarts this process, `/readyz` for whoever waits for it, `/metrics` for Prometheus.

"The process is alive" is no health: a watch can end without its process ending. Healthy is an operator that hears what
it writes and works off its queue. An API server that is away is not its illness, and no restart would cure it.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from pdfjob_operator.metrics import registry


if TYPE_CHECKING:
    from collections.abc import Callable


ECHO_SECONDS = 90
"""How long a write may take to come back. A watch that is broken off is back within a minute."""

QUEUE_SECONDS = 300
"""How long a PdfJob may be due without a pass."""

LAG_PERIOD_SECONDS = 1.0


def illness(*, held_for: float, echo_age: float, queue_age: float) -> str | None:
    """What is wrong with this operator, if anything is.

    Args:
        held_for: For how many seconds it has been in charge without a break: before that, nothing can be expected.
        echo_age: For how many seconds a write has not come back.
        queue_age: For how many seconds a PdfJob has been due.
    """
    if min(echo_age, held_for) > ECHO_SECONDS:
        return f"the watch has not brought back in {echo_age:.0f} s what was written: this operator is blind"
    if min(queue_age, held_for) > QUEUE_SECONDS:
        return f"a PdfJob has been due for {queue_age:.0f} s: this operator is stuck"
    return None


async def serve(port: int, ill: Callable[[], str | None], ready: Callable[[], bool]) -> web.AppRunner:
    """Answer on this port, from now on until the runner is cleaned up."""

    async def healthz(_: web.Request) -> web.Response:
        complaint = ill()
        return web.Response(text=complaint or "ok", status=503 if complaint else 200)

    async def readyz(_: web.Request) -> web.Response:
        return web.Response(text="ok") if ready() else web.Response(text="waiting for the lease", status=503)

    async def figures(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry.REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", figures)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    both = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both else socket.AF_INET
    await web.SockSite(runner, socket.create_server(("", port), family=family, dualstack_ipv6=both)).start()
    return runner


async def measure_lag() -> None:
    """Measure how late the event loop is, until cancelled. One that stands still does not answer a probe either."""
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        await asyncio.sleep(LAG_PERIOD_SECONDS)
        registry.EVENT_LOOP_LAG.set(max(loop.time() - began - LAG_PERIOD_SECONDS, 0))
