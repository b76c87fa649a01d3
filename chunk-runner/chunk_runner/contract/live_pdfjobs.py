"""The PdfJobs that exist, as a sweep is told: a place in a set for the uid of each.

The set has the same size for any number of PdfJobs, and none that exists is ever missing from it. Two uids may share a
place, so that the PdfJob of a leftover seems to exist; then the leftover stays until a later sweep, with other places.
"""

from __future__ import annotations

import hashlib

from chunk_runner.contract.number_set import LIMIT, NumberSet


class LivePdfJobs:
    """The PdfJobs that exist.

    Args:
        seed: A number of the sweep, from which the places follow.
        places: The places of their uids.
    """

    def __init__(self, seed: int, places: NumberSet | None = None) -> None:
        self._seed = seed
        self._places = NumberSet() if places is None else places

    def add(self, uid: str) -> None:
        """Add a PdfJob."""
        self._places.add(self._place(uid))

    def __contains__(self, uid: object) -> bool:
        """Return whether a PdfJob may exist; if not, it does not."""
        return isinstance(uid, str) and self._place(uid) in self._places

    def dumps(self) -> str:
        """Return the set as text for `LIVE_ENV`."""
        return self._places.dumps()

    @classmethod
    def loads(cls, seed: int, text: str) -> LivePdfJobs:
        """Parse the output of `dumps`.

        Raises:
            ValueError: The text is not a set of PdfJobs.
        """
        return cls(seed, NumberSet.loads(text))

    def _place(self, uid: str) -> int:
        digest = hashlib.sha256(f"{self._seed} {uid}".encode()).digest()
        return int.from_bytes(digest[:8]) % LIMIT
