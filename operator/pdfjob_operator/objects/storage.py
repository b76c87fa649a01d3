"""What a PdfJob asks for in `spec.storage`. Pure parsing; which claim it uses is decided in `planning.storage`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Storage(NamedTuple):
    """What a PdfJob asks for in `spec.storage`; all `None` if it asks for nothing.

    Attributes:
        claim: Name of an existing claim, which excludes the rest.
        size: Size of a claim of its own.
        storage_class: Storage class of that claim.
        access_mode: Access mode of that claim.
    """

    claim: str | None = None
    size: str | None = None
    storage_class: str | None = None
    access_mode: str | None = None

    @classmethod
    def parse(cls, raw: Mapping[str, str]) -> Storage:
        """Parse `spec.storage`."""
        return cls(*(raw.get(field) for field in ("claimName", "size", "storageClassName", "accessMode")))
