"""Leader election by a Lease: only the leader reconciles. It saves work and is no safeguard.

Two operators at the same time do no harm: the names of Jobs are deterministic, and the status is only replaced if the
PdfJob has not changed. They only do everything twice. So an operator that cannot renew the Lease waits. One that finds
another leader stops, because its knowledge may be outdated.

As in client-go, the age of another operator's Lease is measured by the local clock, from when the Lease was last seen
to change: https://pkg.go.dev/k8s.io/client-go/tools/leaderelection.
"""

from __future__ import annotations

import asyncio
import logging
import math
from typing import TYPE_CHECKING, Any

from pdfjob_operator.api.errors import ApiError


if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from pdfjob_operator.api.leases import Leases
    from pdfjob_operator.objects.kubernetes import Manifest

log = logging.getLogger(__name__)

LEASE_DURATION_SECONDS = 30
"""Time after which a Lease that is not renewed has expired."""

RENEW_SECONDS = 10
"""Time between two renewals, and the timeout of each."""

RETRY_SECONDS = 2
"""Time until the next attempt to acquire the Lease, or to renew it after an error."""


class LeadershipLostError(Exception):
    """Another operator has become the leader."""


class LeaderElection:
    """One candidate of a leader election.

    Args:
        leases: The Leases of the cluster.
        lease: Namespace and name of the Lease; `None` to lead without one.
        identity: Name of this process, different from that of every other.
        now: Returns the current time.
    """

    def __init__(
        self, leases: Leases, lease: tuple[str, str] | None, identity: str, now: Callable[[], datetime]
    ) -> None:
        self._leases = leases
        self._namespace, self._name = lease or ("", "")
        self._identity = identity
        self._now = now
        self._renewed: float | None = None
        self._leading_since = 0.0
        self._observed: tuple[str, float] = ("", 0.0)  # resourceVersion of another's Lease, and when it was first seen
        self._acquired = asyncio.Event()

    def leading_seconds(self) -> float:
        """Return the seconds since this process became the leader; 0 if it is not."""
        return asyncio.get_running_loop().time() - self._leading_since if self.is_leader() else 0.0

    def is_leader(self) -> bool:
        """Return whether this process has a Lease that has not expired."""
        now = asyncio.get_running_loop().time()
        return self._renewed is not None and now - self._renewed < LEASE_DURATION_SECONDS

    async def wait_until_leader(self) -> None:
        """Return as soon as this process is the leader."""
        while not self.is_leader():
            self._acquired.clear()
            await self._acquired.wait()

    async def run(self) -> None:
        """Acquire the Lease and renew it until cancelled.

        Raises:
            LeadershipLostError: Another operator has acquired it.
        """
        loop = asyncio.get_running_loop()
        if not self._name:  # an operator outside the cluster, which a developer has started
            self._renewed, self._leading_since = math.inf, loop.time()
            self._acquired.set()
            await asyncio.Event().wait()
        while True:
            began, pause = loop.time(), RETRY_SECONDS
            try:
                async with asyncio.timeout(RENEW_SECONDS):
                    renewed = await self._acquire_or_renew()
            except (ApiError, TimeoutError) as error:
                log.warning("cannot renew the lease %s/%s: %s", self._namespace, self._name, error)
            else:
                if renewed:
                    if not self.is_leader():
                        self._leading_since = began
                        log.info("holding the lease %s/%s", self._namespace, self._name)
                    self._renewed, pause = began, RENEW_SECONDS
                    self._acquired.set()
            await asyncio.sleep(pause)

    async def release(self) -> None:
        """Release the Lease, so that another operator can acquire it at once."""
        if self._renewed is not None and self._name:
            try:
                found = await self._leases.get(self._namespace, self._name)
                if found is not None and found["spec"].get("holderIdentity") == self._identity:
                    await self._leases.replace({**found, "spec": {**found["spec"], "holderIdentity": ""}})
            except ApiError as error:
                log.warning("cannot release the lease: %s", error)

    async def _acquire_or_renew(self) -> bool:
        """Return whether this process holds the Lease now."""
        found = await self._leases.get(self._namespace, self._name)
        time = self._now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        mine = {"holderIdentity": self._identity, "leaseDurationSeconds": LEASE_DURATION_SECONDS, "renewTime": time}
        if found is None:
            await self._leases.create(self._namespace, self._name, {**mine, "acquireTime": time})
            return True
        spec: dict[str, Any] = found["spec"]
        holder = spec.get("holderIdentity")
        if holder != self._identity:
            if self._renewed is not None and holder:
                raise LeadershipLostError(f"{holder} holds the lease {self._namespace}/{self._name} now")
            if holder and not self._has_expired(found):
                return False
            mine |= {"acquireTime": time, "leaseTransitions": spec.get("leaseTransitions", 0) + 1}
        await self._leases.replace({**found, "spec": {**spec, **mine}})
        return True

    def _has_expired(self, lease: Manifest) -> bool:
        now, version = asyncio.get_running_loop().time(), lease["metadata"]["resourceVersion"]
        if self._observed[0] != version:
            self._observed = (version, now)
        return now - self._observed[1] > LEASE_DURATION_SECONDS
