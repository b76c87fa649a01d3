"""The cluster's state: objects in memory, one revision for each change, and the journal of them all.

The journal is everything at once: what watches send, what reads of the past are answered from, and the history that
the invariants judge. Knows nothing of HTTP, and does nothing by itself.
"""

import asyncio
import copy
import uuid
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from simulation.simulator import clock
from simulation.simulator.journal import DELETE, PATCH, REPLACE, USER, By, Change, How, RefusedError
from simulation.simulator.kinds import Kind, Manifest, Ref, timestamp
from simulation.simulator.rest.schema import pruned, with_defaults


class Store:
    """The objects.

    Attributes:
        journal: Every change.
        admission: Judge an object before it is stored; return why it is refused, or `None`.
        compacted: Revisions up to this one can no longer be watched.
    """

    def __init__(self) -> None:
        self.journal: list[Change] = []
        self.admission: list[Callable[[Ref, Manifest], str | None]] = []
        self.compacted = 0
        self._objects: dict[Ref, Manifest] = {}
        self._numbers = 0
        self._changed = asyncio.Event()

    @property
    def revision(self) -> int:
        """The newest."""
        return 100 + len(self.journal)

    async def change(self) -> None:
        """Wait for the next one."""
        await self._changed.wait()

    def since(self, revision: int) -> list[Change]:
        """What changed after a revision."""
        return self.journal[max(revision - 100, 0) :]

    def get(self, ref: Ref) -> Manifest:
        """An object as it is now; not to be modified."""
        try:
            return self._objects[ref]
        except KeyError:
            raise RefusedError(HTTPStatus.NOT_FOUND, "NotFound", f'{ref.kind.plural} "{ref.name}" not found') from None

    def all(self, kind: Kind, namespace: str = "") -> list[Manifest]:
        """The objects of a kind as they are now; not to be modified."""
        return [raw for ref, raw in self._sorted(self._objects) if ref.kind is kind and namespace in ("", ref[1])]

    def children(self, uid: str) -> list[Manifest]:
        """The objects that this one owns."""
        owned = (ref for ref, raw in self._objects.items() if uid in _owners(raw))
        return [self._objects[ref] for ref in sorted(owned, key=lambda ref: ref[1:])]

    def past(self, kind: Kind, revision: int) -> dict[Ref, Manifest]:
        """The objects of a kind as they were."""
        then: dict[Ref, Manifest] = {}
        for change in self.journal[: max(revision - 100, 0)]:
            if change.ref.kind is kind:
                then[change.ref] = change.after
                if change.type == "DELETED":
                    del then[change.ref]
        return dict(self._sorted(then))

    def create(self, ref: Ref, body: Manifest, by: By = USER) -> Manifest:
        """Store a new object."""
        raw = copy.deepcopy(body)
        meta = raw.setdefault("metadata", {})
        self._numbers += 1
        if not ref.name:
            ref = Ref(ref.kind, ref.namespace, f"{meta.get('generateName', '')}{self._numbers:05x}")
        if ref in self._objects:
            message = f'{ref.kind.plural} "{ref.name}" already exists'
            raise RefusedError(HTTPStatus.CONFLICT, "AlreadyExists", message)
        if ref.kind.has_status:
            raw.pop("status", None)
        meta |= {"name": ref.name, "namespace": ref.namespace} if ref.namespace else {"name": ref.name}
        meta["uid"] = str(uuid.UUID(int=(self._numbers << 96) + (4 << 76) + (8 << 60) + self._numbers))
        meta["creationTimestamp"] = timestamp(clock.now())
        meta["generation"] = 1
        return self._put(How("create", by=by), ref, None, raw)

    def load(self, ref: Ref, stored: Manifest, by: By) -> Manifest:
        """Take over an object as an earlier version stored it: with its uid, its times and its status."""
        self._numbers = max(
            self._numbers, uuid.UUID(stored["metadata"]["uid"]).int >> 96
        )  # so that no uid is used again
        return self._put(How("create", by=by), ref, None, copy.deepcopy(stored))

    def replace(self, ref: Ref, body: Manifest, how: How = REPLACE) -> Manifest:
        """Store an object anew, or its status."""
        before = self.get(ref)
        self._check(before, uid=body["metadata"].get("uid"), version=body["metadata"].get("resourceVersion"))
        raw = copy.deepcopy(before)
        if how.subresource == "status":
            raw["status"] = copy.deepcopy(body.get("status", {}))
        else:
            kept = {key: before["metadata"].get(key) for key in ("uid", "creationTimestamp", "generation", "namespace")}
            raw = {**copy.deepcopy(body), "metadata": copy.deepcopy(body["metadata"])}
            raw["metadata"] |= {key: value for key, value in kept.items() if value is not None}
            if "deletionTimestamp" in before["metadata"]:
                raw["metadata"]["deletionTimestamp"] = before["metadata"]["deletionTimestamp"]
            if ref.kind.has_status:
                raw.pop("status", None)
                raw |= {"status": before["status"]} if "status" in before else {}
            if raw.get("spec") != before.get("spec"):
                raw["metadata"]["generation"] += 1
        return self._put(how, ref, before, raw)

    def patch(self, ref: Ref, body: Manifest, how: How = PATCH) -> Manifest:
        """Merge a patch into an object, or into its status (RFC 7386)."""
        raw = merged(self.get(ref), body)
        return self.replace(ref, raw, how)

    def delete(self, ref: Ref, how: How = DELETE, *, uid: str | None = None, version: str | None = None) -> None:
        """Remove an object, or mark it when a finalizer holds it. Its children are for `collect`."""
        before = self.get(ref)
        self._check(before, uid=uid, version=version)
        raw = copy.deepcopy(before)
        if before["metadata"].get("finalizers"):
            raw["metadata"].setdefault("deletionTimestamp", timestamp(clock.now()))
            self._put(how, ref, before, raw)
            return
        del self._objects[ref]
        self._record(how, ref, before, raw)

    def collect(self) -> bool:
        """Remove the objects whose owners are all gone; returns whether there were any."""
        living = {raw["metadata"]["uid"] for raw in self._objects.values()}
        orphans = [
            ref for ref, raw in self._objects.items() if (owners := _owners(raw)) and not living.intersection(owners)
        ]
        for ref in orphans:
            self.delete(ref, How("collect", by=By("garbage collector")))
        return bool(orphans) and (self.collect() or True)

    def _check(self, raw: Manifest, *, uid: str | None, version: str | None) -> None:
        meta = raw["metadata"]
        for name, given, present in (("uid", uid, meta["uid"]), ("version", version, meta["resourceVersion"])):
            if given is not None and given != present:
                message = f"the object has been modified: its {name} is {present}, not {given}"
                raise RefusedError(HTTPStatus.CONFLICT, "Conflict", message)

    def _put(self, how: How, ref: Ref, before: Manifest | None, raw: Manifest) -> Manifest:
        if ref.kind.schema is not None:
            schema = ref.kind.schema()
            raw = {**pruned(with_defaults(raw, schema), schema), "metadata": raw["metadata"]}
        raw |= {"apiVersion": ref.kind.api_version, "kind": ref.kind.name}
        for judge in self.admission:
            if (complaint := judge(ref, raw)) is not None:
                raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid", complaint)
        if before is not None and raw == {**before, "metadata": raw["metadata"]}:
            version = {"resourceVersion": before["metadata"]["resourceVersion"]}
            if raw["metadata"] | version == before["metadata"]:
                return before  # nothing changes, and nobody hears of it
        if "deletionTimestamp" in raw["metadata"] and not raw["metadata"].get("finalizers"):
            del self._objects[ref]
            return self._record(How("delete", by=how.by), ref, before, raw)
        self._objects[ref] = raw
        return self._record(how, ref, before, raw)

    def _record(self, how: How, ref: Ref, before: Manifest | None, raw: Manifest) -> Manifest:
        revision = self.revision + 1
        raw["metadata"]["resourceVersion"] = str(revision)
        self.journal.append(Change(revision, clock.now(), how, ref, before, raw))
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        return raw

    @staticmethod
    def _sorted(objects: dict[Ref, Manifest]) -> Iterator[tuple[Ref, Manifest]]:
        yield from sorted(objects.items(), key=lambda item: item[0][1:])


def _owners(raw: Manifest) -> list[str]:
    return [it["uid"] for it in raw["metadata"].get("ownerReferences", ())]


def merged(target: Any, patch: Any) -> Any:
    """A JSON merge patch, applied to a copy."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(copy.deepcopy(target)) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result
