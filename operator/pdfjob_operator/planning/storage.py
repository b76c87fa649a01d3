"""Storage: which claim a PdfJob works on, whether it may, and what that means for its Jobs. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chunk_runner.contract.report import Failure
from pdfjob_operator.configuration.settings import parse_number
from pdfjob_operator.objects.manifests.claims import own_claim
from pdfjob_operator.objects.manifests.node_sharing import share_node
from pdfjob_operator.objects.manifests.pods import with_claim
from pdfjob_operator.objects.names import own_claim_name, shared_claim, workspace_claim
from pdfjob_operator.objects.reasons import OperatorReason
from pdfjob_operator.objects.storage import Storage
from pdfjob_operator.objects.volume_claim import VolumeClaim, mounted_claims
from pdfjob_operator.planning.decision import Decision
from pdfjob_operator.planning.outcome import failed_state


if TYPE_CHECKING:
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.objects.kubernetes import Manifest
    from pdfjob_operator.objects.pdfjob import PdfJob
    from pdfjob_operator.planning.observation import Observation


def may_need_own_claim(pdfjob: PdfJob, settings: Settings) -> bool:
    """Return whether a PdfJob that asks for no storage gets a claim of its own if the configured one does not exist.

    If the source is to be on the configured claim, the PdfJob waits for it: an empty claim has no source.
    """
    has_source_elsewhere = pdfjob.source_claim not in (None, settings.workspace_claim)
    return settings.create_claims and pdfjob.storage == Storage() and has_source_elsewhere


def choose_claim(observation: Observation, settings: Settings) -> str:
    """Choose the claim of the workspace, once, before anything is created."""
    pdfjob = observation.pdfjob
    if may_need_own_claim(pdfjob, settings) and observation.workspace_claim is None:
        return own_claim_name(pdfjob.raw)
    return workspace_claim(pdfjob, settings)


def on_claims(decision: Decision, observation: Observation, settings: Settings) -> Decision:
    """Fit Jobs to the claims that they mount: create a claim that is missing, or fail if the PdfJob may not use it.

    Args:
        decision: The decision of a stage.
        observation: The PdfJob and what belongs to it, its claims included.
        settings: The operator's configuration.
    """
    pdfjob, claim = observation.pdfjob, observation.workspace_claim
    if not decision.create:
        return decision
    is_missing = claim is None and shared_claim(pdfjob.raw, settings) is None
    failure = _beyond_limits(pdfjob.storage, settings) if is_missing else _unusable(claim)
    if failure is not None:
        return replace(decision, state=failed_state(failure), create=())
    manifest = None
    if is_missing:
        manifest = own_claim(pdfjob, settings)
        claim = VolumeClaim(manifest["metadata"]["name"], access_modes=frozenset(manifest["spec"]["accessModes"]))
    claims = _claims(claim, observation, settings)
    for job in decision.create:
        _share_node(job, claims, own=own_claim_name(pdfjob.raw), last_node=observation.last_node)
    uid = None if claim is None else claim.uid or None
    return replace(decision, create_claim=manifest, create=tuple(with_claim(job, uid) for job in decision.create))


def _claims(workspace: VolumeClaim | None, observation: Observation, settings: Settings) -> dict[str, VolumeClaim]:
    """Return the claims of workspace and source by name; of one that does not exist, nothing but the name is known."""
    pdfjob = observation.pdfjob
    name, source = workspace_claim(pdfjob, settings), pdfjob.source_claim
    claims = {} if source is None else {source: observation.source_claim or VolumeClaim(source)}
    return {**claims, name: workspace or VolumeClaim(name)}


def _share_node(job: Manifest, claims: dict[str, VolumeClaim], *, own: str, last_node: str | None) -> None:
    """Bring the pods of a Job to the node of the pods that mount the same claims, unless these allow several nodes.

    Claims that the administrator adds to all pods are the administrator's concern.
    """
    pod = job["spec"]["template"]
    mounted = [it for it in mounted_claims(pod) if it.name in claims]
    names = [it.name for it in mounted if not claims[it.name].allows_several_nodes(read_only=it.read_only)]
    # The first one counts most, and nobody but the PdfJob mounts a claim of its own.
    share_node(pod, sorted(names, key=lambda name: name == own), last_node)


def _unusable(claim: VolumeClaim | None) -> Failure | None:
    """Return why the stages of a PdfJob cannot share a claim."""
    if claim is None or not claim.allows_one_pod_only:
        return None
    return _refused(
        f"PersistentVolumeClaim “{claim.name}” is ReadWriteOncePod, but a job has several pods: use a claim that is"
        " ReadWriteOnce or ReadWriteMany."
    )


def _beyond_limits(storage: Storage, settings: Settings) -> Failure | None:
    """Return why a PdfJob may not have the claim that it asks for. The admission policy says the same, if it is on."""
    if not settings.create_claims:
        return _refused(
            "The operator's configuration allows no claims for single PdfJobs (workspace.createPerJob): create another"
            " PdfJob that names an existing claim in spec.storage.claimName."
        )
    most = settings.max_workspace_size
    if storage.size is not None and most and parse_number(storage.size) > parse_number(most):
        return _refused(
            f"spec.storage.size is {storage.size}, but the operator's configuration allows {most}"
            " (workspace.maxSize): create another PdfJob with a smaller size."
        )
    classes = settings.storage_classes
    if storage.storage_class is not None and classes and storage.storage_class not in classes:
        return _refused(
            f"spec.storage.storageClassName is {storage.storage_class}, but the operator's configuration allows"
            f" {', '.join(classes)} (workspace.allowedStorageClassNames): create another PdfJob with one of these."
        )
    return None


def _refused(message: str) -> Failure:
    return Failure(OperatorReason.STORAGE_REFUSED, message)
