"""Leases (`coordination.k8s.io/v1`), as leader election reads and writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightkube.generic_resource import create_namespaced_resource

from pdfjob_operator.api.errors import ConflictError, NotFoundError


if TYPE_CHECKING:
    from pdfjob_operator.api.client import Client
    from pdfjob_operator.objects.kubernetes import Manifest


_LEASES = create_namespaced_resource("coordination.k8s.io", "v1", "Lease", "leases")


class Leases:
    """The Leases of a cluster.

    Args:
        client: The connection to the API server.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    async def get(self, namespace: str, name: str) -> Manifest | None:
        """Return a Lease, or `None` if it does not exist."""
        try:
            return await self._client.get(_LEASES, name, namespace)
        except NotFoundError:
            return None

    async def create(self, namespace: str, name: str, spec: Manifest) -> None:
        """Create a Lease.

        Raises:
            ConflictError: It already exists.
        """
        await self._client.create(_LEASES, {"metadata": {"namespace": namespace, "name": name}, "spec": spec})

    async def replace(self, lease: Manifest) -> None:
        """Replace a Lease.

        Raises:
            ConflictError: It has changed since it was read, or is deleted.
        """
        try:
            await self._client.replace(_LEASES, lease)
        except NotFoundError as error:
            raise ConflictError(str(error)) from error
