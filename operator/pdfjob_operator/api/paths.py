"""Paths of the API: what may become part of one, and which resource one is about. Pure.

Every name is checked, wherever it comes from, and only known resources are named in metrics.
"""

from __future__ import annotations

from chunk_runner.contract.limits import shorten
from pdfjob_operator.api.errors import ApiError
from pdfjob_operator.objects.names import is_object_name


_RESOURCES = frozenset(
    {"pdfjobs", "pdfjobs/status", "jobs", "pods", "events", "namespaces", "leases", "persistentvolumeclaims"}
)
"""The resources that are counted under their names."""


def resource_of(path: str) -> str:
    """Return the resource in a path of the API, without names: `jobs`, `pdfjobs/status`."""
    parts = path.strip("/").split("/")
    begin = next((at for at, part in enumerate(parts) if part in ("api", "apis")), None)
    if begin is None:
        return "other"
    parts = parts[begin:]  # the server may be behind a prefix
    parts = parts[3 if parts[0] == "apis" else 2 :]
    match parts:
        case ["namespaces", _, resource, *rest] | [resource, *rest]:
            found = "/".join([resource, *rest[1:]])
            return found if found in _RESOURCES else "other"
    return "other"


def check_names(*names: str | None) -> None:
    """Check what becomes part of a path, because a name such as `../../pods` would lead to other objects.

    Raises:
        ApiError: One of them is not a name that an object can have.
    """
    for name in names:
        if name is not None and not is_object_name(name):
            raise ApiError(f"{shorten(name, 80)!r} is not the name of an object.")
