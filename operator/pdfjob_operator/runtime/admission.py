"""Admission: how many PdfJobs of one namespace are worked on at the same time, as the administrator allows. Pure.

What is here follows from the PdfJobs themselves, so that a restart loses nothing but the order of those that wait. It
limits load and is no safeguard: for moments after a restart, a few more may be worked on.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pdfjob_operator.objects.standing import Standing


if TYPE_CHECKING:
    from pdfjob_operator.objects.pdfjob import Key


@dataclass
class _Namespace:
    """The PdfJobs of a namespace, by uid; those that wait in the order in which they began to."""

    admitted: set[str] = field(default_factory=set)
    waiting: OrderedDict[str, Key] = field(default_factory=OrderedDict)


class Admission:
    """The PdfJobs that are worked on, and those that wait.

    Args:
        most: How many PdfJobs of a namespace may be worked on; `None` for any number.
    """

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._namespaces: defaultdict[str, _Namespace] = defaultdict(_Namespace)

    def admit(self, key: Key, uid: str, *, has_jobs: bool) -> bool:
        """Return whether to work on a PdfJob now; if not, it waits.

        Args:
            key: Namespace and name of the PdfJob.
            uid: Its uid.
            has_jobs: True if it has Jobs, so that it is worked on already.
        """
        if self._most is None:
            return True
        namespace = self._namespaces[key.namespace]
        others = len(namespace.admitted) - (uid in namespace.admitted)
        if has_jobs or others < self._most:
            namespace.admitted.add(uid)
            namespace.waiting.pop(uid, None)
            return True
        namespace.admitted.discard(uid)
        namespace.waiting.setdefault(uid, key)
        return False

    def learn(self, key: Key, uid: str, standing: Standing) -> None:
        """Take in what the status of a PdfJob says, for instance after a restart."""
        if self._most is None or standing is Standing.UNKNOWN:
            return
        if standing is Standing.FINISHED:
            self.remove(key, uid)
            return
        namespace = self._namespaces[key.namespace]
        if standing is Standing.ADMITTED:
            namespace.admitted.add(uid)
            namespace.waiting.pop(uid, None)
        elif uid not in namespace.admitted:  # else it was admitted since that status was written
            namespace.waiting.setdefault(uid, key)

    def remove(self, key: Key, uid: str) -> None:
        """Make room: a PdfJob has finished, is suspended without Jobs, or is deleted."""
        namespace = self._namespaces.get(key.namespace)
        if namespace is not None:
            namespace.admitted.discard(uid)
            namespace.waiting.pop(uid, None)
            if not namespace.admitted and not namespace.waiting:
                del self._namespaces[key.namespace]

    def admit_next(self, name: str) -> list[Key]:
        """Admit those that have waited longest in a namespace, as far as there is room; return them."""
        namespace, admitted = self._namespaces.get(name), []
        while namespace is not None and namespace.waiting and len(namespace.admitted) < (self._most or 0):
            uid, key = namespace.waiting.popitem(last=False)
            namespace.admitted.add(uid)
            admitted.append(key)
        return admitted

    def namespaces(self) -> list[str]:
        """Return the namespaces in which a PdfJob waits."""
        return [name for name, namespace in self._namespaces.items() if namespace.waiting]
