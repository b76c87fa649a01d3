import pytest

from builders import NOW, SETTINGS, make_claim, make_pdfjob, make_started, variables
from chunk_runner.contract.environment import CLAIM_ENV
from pdfjob_operator.api.errors import RequestRefusedError
from pdfjob_operator.garbage_collection.claim_registry import ClaimRegistry
from pdfjob_operator.garbage_collection.sweep_job import Claim
from pdfjob_operator.metrics import registry
from pdfjob_operator.metrics.job_gauges import JobGauges
from pdfjob_operator.metrics.namespace_labels import NamespaceLabels
from pdfjob_operator.metrics.recorder import MetricsRecorder
from pdfjob_operator.objects.names import own_claim_name
from pdfjob_operator.objects.pdfjob import Key
from pdfjob_operator.objects.volume_claim import VolumeClaim
from pdfjob_operator.observation.observer import Observer
from pdfjob_operator.reconciler import Reconciler
from pdfjob_operator.reporting.reporter import CONFLICT_SECONDS, Reporter
from pdfjob_operator.runtime.watch_liveness import WatchLiveness
from pdfjob_operator.runtime.work_queue import Trigger
from unit.pdfjob_operator.fake_cluster import FakeCluster


KEY = Key("books", "germinal")


class Claims(ClaimRegistry):
    """Remembers for which PdfJobs Jobs had been created when their claim was registered."""

    def __init__(self, cluster: FakeCluster) -> None:
        super().__init__(cluster, SETTINGS)
        self.fake = cluster
        self.created_before: list[int] = []

    async def register(self, claim: Claim) -> None:
        self.created_before.append(len(self.fake.created))
        await super().register(claim)


def reconciler_of(
    cluster: FakeCluster, claims: ClaimRegistry | None = None, liveness: WatchLiveness | None = None
) -> Reconciler:
    liveness = liveness or WatchLiveness()
    namespaces = NamespaceLabels(20, SETTINGS.prices)
    reporter = Reporter(
        cluster,
        SETTINGS,
        liveness=liveness,
        recorder=MetricsRecorder(SETTINGS.prices, namespaces),
        job_gauges=JobGauges(namespaces),
    )
    return Reconciler(
        cluster,
        SETTINGS,
        observer=Observer(cluster, lambda: NOW, SETTINGS),
        reporter=reporter,
        claims=claims or Claims(cluster),
        liveness=liveness,
    )


def missed_events() -> float:
    return registry.REGISTRY.get_sample_value("pdfjob_missed_events_total") or 0.0


async def test_the_first_reconciliation_writes_a_status_and_creates_nothing() -> None:
    cluster = FakeCluster(make_pdfjob())

    requeue_after = await reconciler_of(cluster).reconcile(KEY)

    assert (requeue_after, cluster.created) == (0, [])
    assert [status["phase"] for status in cluster.statuses] == ["Pending"]


async def test_the_claim_is_registered_before_the_first_job_is_created() -> None:
    cluster = FakeCluster(make_started())
    claims = Claims(cluster)

    await reconciler_of(cluster, claims).reconcile(KEY)

    note, prepare = cluster.created
    assert note["spec"]["suspend"]
    assert prepare["metadata"]["labels"]["pdfjob.dev/stage"] == "prepare"
    assert claims.created_before == [0]


@pytest.mark.parametrize("claims", [[make_claim()], []], ids=["exists", "does not exist yet"])
async def test_pods_know_the_uid_of_their_claim_if_it_exists(claims: list[VolumeClaim]) -> None:
    cluster = FakeCluster(make_started())
    cluster.claims = claims

    await reconciler_of(cluster).reconcile(KEY)

    assert variables(cluster.created[-1]).get(CLAIM_ENV) == (claims[0].uid if claims else None)


async def test_a_claim_of_its_own_is_created_before_the_first_job_and_not_registered_for_sweeps() -> None:
    cluster = FakeCluster(make_started(storage={"size": "1Gi"}))
    claims = Claims(cluster)

    await reconciler_of(cluster, claims).reconcile(KEY)

    assert [claim["spec"]["resources"]["requests"]["storage"] for claim in cluster.created_claims] == ["1Gi"]
    assert [job["metadata"]["labels"]["pdfjob.dev/stage"] for job in cluster.created] == ["prepare"]
    assert claims.created_before == []


async def test_a_claim_that_somebody_else_owns_is_not_registered_for_sweeps() -> None:
    cluster = FakeCluster(make_started(storage={"claimName": "theirs"}))
    cluster.claims = [make_claim("theirs", has_owner=True)]
    claims = Claims(cluster)

    await reconciler_of(cluster, claims).reconcile(KEY)

    assert (len(cluster.created), claims.created_before) == (1, [])


async def test_the_claim_of_a_new_pdfjob_is_in_its_first_status() -> None:
    cluster = FakeCluster(make_pdfjob(source={"volume": {"claimName": "library", "path": "a.pdf"}}))

    await reconciler_of(cluster).reconcile(KEY)

    (status,) = cluster.statuses
    assert status["output"] == {"claimName": own_claim_name(make_pdfjob().raw)}


async def test_the_refusal_of_a_claim_is_told_in_the_status() -> None:
    cluster = FakeCluster(make_started(storage={"size": "1Gi"}))
    cluster.refusing = True

    with pytest.raises(RequestRefusedError):
        await reconciler_of(cluster).reconcile(KEY)

    (status,) = cluster.statuses
    assert {condition["reason"] for condition in status["conditions"]} == {"ClaimRefused"}
    assert status["message"] == "Kubernetes refuses to create the PersistentVolumeClaim: exceeded quota"
    assert cluster.created == []


async def test_a_claim_that_may_not_be_read_keeps_no_pdfjob_from_running(caplog: pytest.LogCaptureFixture) -> None:
    cluster = FakeCluster(make_started())
    cluster.forbidding = True

    await reconciler_of(cluster).reconcile(KEY)

    assert CLAIM_ENV not in variables(cluster.created[-1])
    assert "will never be swept" in caplog.text


async def test_a_refusal_is_told_in_the_status_and_left_to_the_queue() -> None:
    cluster = FakeCluster(make_started())
    cluster.refusing = True

    with pytest.raises(RequestRefusedError):
        await reconciler_of(cluster).reconcile(KEY)

    (status,) = cluster.statuses
    assert {condition["reason"] for condition in status["conditions"]} == {"JobRefused"}
    assert status["message"] == "Kubernetes refuses to create the Job: exceeded quota"


@pytest.mark.parametrize("ttl", [0, 3600])
async def test_a_finished_pdfjob_is_deleted_when_its_time_has_come(ttl: int) -> None:
    status = {"phase": "Succeeded", "completionTime": "2026-11-23T12:00:00Z", "observedGeneration": 1, "round": 0}
    cluster = FakeCluster(make_pdfjob(status=status, ttlSecondsAfterFinished=ttl))

    requeue_after = await reconciler_of(cluster).reconcile(KEY)

    assert cluster.deleted == ([] if ttl else ["germinal"])
    assert requeue_after == (ttl or None)


async def test_a_finished_pdfjob_that_has_changed_is_looked_at_again_instead_of_being_deleted() -> None:
    status = {"phase": "Failed", "completionTime": "2026-11-23T12:00:00Z", "observedGeneration": 1, "round": 0}
    cluster = FakeCluster(make_pdfjob(status=status, ttlSecondsAfterFinished=0))
    cluster.conflicting = True

    assert await reconciler_of(cluster).reconcile(KEY) == CONFLICT_SECONDS
    assert cluster.deleted == []


async def test_an_event_about_a_new_job_may_come_before_the_answer() -> None:
    cluster, liveness = FakeCluster(make_started()), WatchLiveness()
    cluster.on_write = lambda: liveness.record_event("jobs", KEY)

    await reconciler_of(cluster, liveness=liveness).reconcile(KEY)

    assert cluster.created
    assert [write for write in liveness.expected() if write[0] == "jobs"] == []


async def test_no_event_is_expected_of_a_job_that_is_refused() -> None:
    cluster, liveness = FakeCluster(make_started()), WatchLiveness()
    cluster.refusing = True

    with pytest.raises(RequestRefusedError):
        await reconciler_of(cluster, liveness=liveness).reconcile(KEY)

    assert [write for write in liveness.expected() if write[0] == "jobs"] == []


async def test_a_pdfjob_that_is_gone_needs_nothing() -> None:
    cluster = FakeCluster()

    assert await reconciler_of(cluster).reconcile(KEY) is None
    assert (cluster.statuses, cluster.created) == ([], [])


@pytest.mark.parametrize(
    ("triggers", "missed"),
    [({Trigger.RESYNC}, 1), ({Trigger.RESYNC, Trigger.WATCH}, 0), ({Trigger.START}, 0)],
    ids=["the resync alone", "the watch too", "the start"],
)
async def test_what_only_the_resync_found_was_missed_by_the_watch(triggers: set[Trigger], missed: int) -> None:
    before = missed_events()

    await reconciler_of(FakeCluster(make_pdfjob())).reconcile(KEY, frozenset(triggers))

    assert missed_events() - before == missed


async def test_a_change_that_is_on_its_way_through_the_watch_is_not_missed_if_the_resync_finds_it_first() -> None:
    reconciler, before = reconciler_of(FakeCluster(make_pdfjob())), missed_events()

    await reconciler.reconcile(KEY, frozenset({Trigger.WATCH}))
    await reconciler.reconcile(KEY, frozenset({Trigger.RESYNC}))

    assert missed_events() == before
