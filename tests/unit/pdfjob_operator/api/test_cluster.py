"""What is kept of long selections, and writes to a cluster that somebody else has written to before."""

from collections.abc import AsyncIterator
from typing import Any
from weakref import WeakSet

import pytest

from builders import make_pdfjob
from pdfjob_operator.api.client import Client
from pdfjob_operator.api.cluster import Cluster, newest
from pdfjob_operator.api.errors import ApiError, ConflictError, NotFoundError, RequestRefusedError
from pdfjob_operator.objects.kubernetes import Manifest


PDFJOB = make_pdfjob()
MANIFEST = {"kind": "Job", "metadata": {"name": "germinal-prepare", "namespace": "books"}}


class EventsClient(Client):
    """A client that finds so many Events, and remembers how many were asked for."""

    def __init__(self, number: int) -> None:
        self._number = number
        self.limits: list[object] = []

    async def list(self, *_: object, **options: Any) -> AsyncIterator[dict[str, Any]]:
        self.limits.append(options["limit"])
        for number in range(min(self._number, options["limit"])):
            time = f"2026-11-23T12:{number // 60:02d}:{number % 60:02d}Z"
            yield {"lastTimestamp": time, "message": f"{number} " + "x" * 5000, "managedFields": ["x"] * 1000}


async def test_the_newest_of_many_events_about_an_object_come_first() -> None:
    client = EventsClient(100_000)

    events = await Cluster(client).warnings("books", "pod-uid")

    assert [event["message"].split()[0] for event in events] == [str(number) for number in range(499, 479, -1)]
    assert client.limits == [500]
    assert max(len(str(event)) for event in events) < 3000


async def test_the_newest_are_kept_in_whatever_order_they_come() -> None:
    async def found() -> AsyncIterator[str]:
        for number in range(1000):
            yield f"{number * 7919 % 1000:03d}"

    assert await newest(found(), 3, lambda item: item) == ["997", "998", "999"]
    assert await newest(found(), 2000, lambda item: item) == [f"{number:03d}" for number in range(1000)]


async def test_of_a_long_stream_few_items_are_held() -> None:
    class Item:
        def __init__(self, time: str) -> None:
            self.time = time
            held.add(self)

    held: WeakSet[Item] = WeakSet()
    most = 0

    async def found() -> AsyncIterator[Item]:
        nonlocal most
        for number in range(1000):
            yield Item(f"{number:04d}")
            most = max(most, len(held))

    kept = await newest(found(), 5, lambda item: item.time)

    assert [item.time for item in kept] == ["0995", "0996", "0997", "0998", "0999"]
    assert most <= 11


class FakeClient(Client):
    """A client whose writes all fail, and which remembers how it deletes.

    Attributes:
        deletions: The conditions of each deletion.
    """

    def __init__(self, error: ApiError, present: Manifest | None = None) -> None:
        self._error = error
        self._present = present
        self.deletions: list[dict[str, Any]] = []

    async def create(self, kind: Any, manifest: Any) -> None:
        raise self._error

    async def get(self, kind: Any, name: str, namespace: str | None = None) -> Manifest:
        if self._present is None:
            raise NotFoundError("gone")
        return self._present

    async def patch(self, kind: Any, name: str, namespace: str, patch: Any) -> None:
        raise self._error

    async def delete(self, kind: Any, name: str, namespace: str, **conditions: Any) -> None:
        self.deletions.append(conditions)
        raise self._error


def owned_by(uid: str) -> Manifest:
    return {"metadata": {"ownerReferences": [{"uid": uid, "controller": True}]}}


async def test_a_job_that_exists_is_not_created_and_is_no_error() -> None:
    cluster = Cluster(FakeClient(ConflictError("exists"), owned_by(PDFJOB.uid)))

    assert await cluster.create_job(MANIFEST, PDFJOB) is False


@pytest.mark.parametrize("owned", [True, False])
async def test_a_conflict_proves_no_job_that_is_not_there(*, owned: bool) -> None:
    """The API server answers 409 to a creation also if a quota was changed at the same time."""
    cluster = Cluster(FakeClient(ConflictError("cannot be fulfilled on resourcequotas")))

    with pytest.raises(ConflictError, match="resourcequotas"):
        await (cluster.create_job(MANIFEST, PDFJOB) if owned else cluster.create_unowned_job(MANIFEST))


async def test_a_job_without_an_owner_that_exists_is_no_error() -> None:
    await Cluster(FakeClient(ConflictError("exists"), {"metadata": {}})).create_unowned_job(MANIFEST)


@pytest.mark.parametrize("present", [owned_by("somebody-else"), {"metadata": {}}], ids=["another's", "nobody's"])
async def test_a_job_of_that_name_that_belongs_to_something_else_is_a_refusal(present: Manifest) -> None:
    cluster = Cluster(FakeClient(ConflictError("exists"), present))

    with pytest.raises(RequestRefusedError, match="Job germinal-prepare belongs to something else: delete it"):
        await cluster.create_job(MANIFEST, PDFJOB)


async def change_job(client: FakeClient, *, deletes: bool) -> None:
    """Delete a Job, or suspend it."""
    cluster = Cluster(client)
    if deletes:
        await cluster.delete_job("books", "germinal-prepare", "uid")
    else:
        await cluster.patch_job("books", "germinal-prepare", "uid", {"spec": {"suspend": True}})


@pytest.mark.parametrize("deletes", [True, False])
async def test_a_conflict_is_no_proof_that_a_job_has_changed_or_gone(*, deletes: bool) -> None:
    await change_job(FakeClient(NotFoundError("gone")), deletes=deletes)

    with pytest.raises(ConflictError, match="has been modified"):
        await change_job(FakeClient(ConflictError("the object has been modified")), deletes=deletes)


CLAIM: Manifest = {"kind": "PersistentVolumeClaim", "metadata": {"name": "own", "namespace": "books"}}


async def test_a_claim_that_exists_is_no_error() -> None:
    await Cluster(FakeClient(ConflictError("exists"), owned_by(PDFJOB.uid))).create_claim(CLAIM, PDFJOB)


@pytest.mark.parametrize(
    ("error", "present", "said"),
    [
        (ConflictError("exists"), owned_by("somebody-else"), "PersistentVolumeClaim own belongs to something else"),
        (ApiError("exceeded quota", status=403), None, "exceeded quota"),
    ],
    ids=["another's", "a quota"],
)
async def test_the_refusal_of_a_claim_says_what_is_refused(
    error: ApiError, present: Manifest | None, said: str
) -> None:
    with pytest.raises(RequestRefusedError, match=said) as raised:
        await Cluster(FakeClient(error, present)).create_claim(CLAIM, PDFJOB)

    assert raised.value.kind == "PersistentVolumeClaim"


async def test_only_the_very_pdfjob_that_was_read_is_deleted() -> None:
    gone, changed = FakeClient(NotFoundError("gone")), FakeClient(ConflictError("another resourceVersion"))

    await Cluster(gone).delete_pdfjob(PDFJOB)
    with pytest.raises(ConflictError):
        await Cluster(changed).delete_pdfjob(PDFJOB)

    assert gone.deletions == changed.deletions == [{"uid": PDFJOB.uid, "resource_version": "7"}]


async def test_a_claim_with_a_name_that_no_claim_can_have_does_not_exist() -> None:
    assert await Cluster(EventsClient(0)).claim("books", "a..b") is None
