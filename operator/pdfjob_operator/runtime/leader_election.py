"""The Lease: only one operator at a time makes passes. A courtesy, not a safeguard.

Two operators at once do no harm (names of Jobs are deterministic, statuses are written under a resourceVersion), they
only do everything twice. So whoever cannot renew the Lease waits and does nothing; whoever finds that another took it
ends, because a second operator must not go on from what it believed before.

As in client-go, the age of another's Lease is measured by one's own clock, from when it was last seen to change.
"""

from __future__ import annotations

import asyncio
import logging
import math
from typing import TYPE_CHECKING, Any

from pdfjob_operator.api.client import API_ERRORS, ConflictError


if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from pdfjob_operator.api.cluster import Cluster

log = logging.getLogger(__name__)

DURATION_SECONDS = 30
"""How long a Lease that is not renewed still counts."""

RENEW_SECONDS = 10
RETRY_SECONDS = 2


class LeadershipLostError(Exception):
    """Another operator has taken over."""


class LeaderElection:
    """A Lease.

    Args:
        cluster: The API server.
        lease: Namespace and name, with a `/` between them; empty to do without.
        identity: A name that no other process has.
        now: The time.
    """

    def __init__(self, cluster: Cluster, lease: str, identity: str, now: Callable[[], datetime]) -> None:
        self._cluster = cluster
        self._namespace, _, self._name = lease.partition("/")
        self._identity = identity
        self._now = now
        self._renewed: float | None = None
        self._since = 0.0
        self._seen: tuple[str, float] = ("", 0.0)
        self._fresh = asyncio.Event()

    def leading_seconds(self) -> float:
        """For how many seconds it has been held without a break; 0 when it is not."""
        return asyncio.get_running_loop().time() - self._since if self.is_leader() else 0.0

    def is_leader(self) -> bool:
        """Whether it was renewed lately enough."""
        return self._renewed is not None and asyncio.get_running_loop().time() - self._renewed < DURATION_SECONDS

    async def wait_until_leader(self) -> None:
        """Return once it is held."""
        while not self.is_leader():
            self._fresh.clear()
            await self._fresh.wait()

    async def run(self) -> None:
        """Acquire it, and renew it until cancelled.

        Raises:
            LeadershipLostError: Another holds it.
        """
        loop = asyncio.get_running_loop()
        if not self._name:  # an operator on somebody's laptop
            self._renewed, self._since = math.inf, loop.time()
            self._fresh.set()
            await asyncio.Event().wait()
        while True:
            began, pause = loop.time(), RETRY_SECONDS
            try:
                async with asyncio.timeout(RENEW_SECONDS):
                    renewed = await self._renew()
            except (*API_ERRORS, ConflictError) as error:
                log.warning("cannot renew the lease %s/%s: %s", self._namespace, self._name, error)
            else:
                if renewed:
                    if not self.is_leader():
                        self._since = began
                        log.info("holding the lease %s/%s", self._namespace, self._name)
                    self._renewed, pause = began, RENEW_SECONDS
                    self._fresh.set()
            await asyncio.sleep(pause)

    async def release(self) -> None:
        """Let the next operator have it at once."""
        if self._renewed is not None and self._name:
            try:
                found = await self._cluster.lease(self._namespace, self._name)
                if found is not None and found["spec"].get("holderIdentity") == self._identity:
                    await self._cluster.write_lease({**found, "spec": {**found["spec"], "holderIdentity": ""}})
            except (*API_ERRORS, ConflictError) as error:
                log.warning("cannot release the lease: %s", error)

    async def _renew(self) -> bool:
        found = await self._cluster.lease(self._namespace, self._name)
        time = self._now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        mine = {"holderIdentity": self._identity, "leaseDurationSeconds": DURATION_SECONDS, "renewTime": time}
        if found is None:
            await self._cluster.create_lease(self._namespace, self._name, {**mine, "acquireTime": time})
            return True
        spec: dict[str, Any] = found["spec"]
        holder = spec.get("holderIdentity")
        if holder != self._identity:
            if self._renewed is not None and holder:
                raise LeadershipLostError(f"{holder} holds the lease {self._namespace}/{self._name} now")
            if holder and not self._is_stale(found["metadata"]["resourceVersion"]):
                return False
            mine |= {"acquireTime": time, "leaseTransitions": spec.get("leaseTransitions", 0) + 1}
        await self._cluster.write_lease({**found, "spec": {**spec, **mine}})
        return True

    def _is_stale(self, version: str) -> bool:
        now = asyncio.get_running_loop().time()
        if self._seen[0] != version:
            self._seen = (version, now)
        return now - self._seen[1] > DURATION_SECONDS
