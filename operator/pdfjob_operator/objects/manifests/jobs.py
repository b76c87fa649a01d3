"""The Jobs of a PdfJob as manifests. Pure: from a PdfJob, the configuration and a few numbers.

Knows nothing of how a Job runs; when to create one is the planner's decision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chunk_runner.contract import environment, ranges
from chunk_runner.contract.job_spec import JobSpec
from pdfjob_operator.objects.kubernetes import Manifest
from pdfjob_operator.objects.labels import (
    ANNOTATION_CHUNKS,
    ANNOTATION_JOB,
    ANNOTATION_MERGE_INPUT,
    ANNOTATION_OPERATOR,
    ANNOTATION_PAGES,
    ANNOTATION_TOTAL,
    ANNOTATION_WORKERS,
    LABEL_DOUBLINGS,
    LABEL_PROCESSOR,
    LABEL_ROUND,
    LABEL_STAGE,
    LABEL_UID,
)
from pdfjob_operator.objects.manifests import gemini_access
from pdfjob_operator.objects.manifests.failure_policies import failure_policy
from pdfjob_operator.objects.manifests.pods import be_ready_at_work, mount_secret, mount_workspace, pod_template
from pdfjob_operator.objects.manifests.queue_labels import queue_labels
from pdfjob_operator.objects.names import owner_reference, stage_job_name, workspace_claim, workspace_folder
from pdfjob_operator.objects.phases import Stage


if TYPE_CHECKING:
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.objects.pdfjob import PdfJob


STAGE_RETRIES = 3
"""Retries of prepare and merge."""

MIN_MERGE_SECONDS = 600
"""Time limit of the merge Job if less is left until the timeout: it also cleans up after a PdfJob that timed out."""


def prepare_job(pdfjob: PdfJob, settings: Settings, *, seconds: int, doublings: int = 0) -> Manifest:
    """Build the Job that splits the source; if there is one chunk only, it processes and merges, too.

    Args:
        pdfjob: The PdfJob.
        settings: The operator's configuration.
        seconds: Time limit of the Job.
        doublings: How many times to double its memory limit.
    """
    spec = JobSpec(
        path=pdfjob.path,
        processor=dict(pdfjob.processor),
        pages_per_chunk=pdfjob.pages_per_chunk,
        sha256=pdfjob.sha256,
        pages=pdfjob.pages,
        language=pdfjob.language,
        running_lines=pdfjob.running_lines,
        format=pdfjob.output_format,
        api_key_secret=None if pdfjob.api_key_secret is None else pdfjob.api_key_secret.name,
    )
    pod = _stage_pod(
        pdfjob, settings, Stage.PREPARE, "prepare", {environment.SPEC_ENV: spec.dumps()}, doublings=doublings
    )
    # The whole volume, read-only: for a subPath to a missing file, the kubelet would create a folder of that name.
    mounts, volumes = pod["spec"]["containers"][0]["volumeMounts"], pod["spec"]["volumes"]
    claim = pdfjob.source_claim or workspace_claim(pdfjob, settings)
    if claim == workspace_claim(pdfjob, settings):
        mounts.append({"name": "workspace", "mountPath": environment.SOURCE_MOUNT, "readOnly": True})
        # The workspaces of all jobs are on this volume. The folder exists, because the pod's own workspace is in it.
        hidden = f"{environment.SOURCE_MOUNT}/{environment.WORKSPACES}"
        volumes.append({"name": "hidden", "emptyDir": {"sizeLimit": "1Mi"}})
        mounts.append({"name": "hidden", "mountPath": hidden, "readOnly": True})
    else:
        volumes.append({"name": "source", "persistentVolumeClaim": {"claimName": claim, "readOnly": True}})
        mounts.append({"name": "source", "mountPath": environment.SOURCE_MOUNT, "readOnly": True})
    if pdfjob.password_secret is not None:
        mount_secret(pod, *pdfjob.password_secret, environment.PASSWORD_FILE)
    manifest = _job(pdfjob, settings, pod)
    return manifest | {
        "spec": manifest["spec"]
        | {
            "backoffLimit": STAGE_RETRIES,
            "activeDeadlineSeconds": seconds,
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": failure_policy(Stage.PREPARE),
        }
    }


def chunks_job(
    pdfjob: PdfJob,
    settings: Settings,
    *,
    total: int,
    pages: int,
    seconds: int,
    chunks: str | None = None,
    doublings: int = 0,
) -> Manifest:
    """Build the Indexed Job that processes the chunks, one pod for each.

    Args:
        pdfjob: The PdfJob.
        settings: The operator's configuration.
        total: Number of chunks of the whole PdfJob; recorded on the Job.
        pages: Number of pages of the source; recorded on the Job.
        seconds: Time limit of the Job.
        chunks: Chunks to run, as ranges; `None` for all.
        doublings: How many times to double the memory limit of its pods.
    """
    completions = total if chunks is None else sum(len(run) for run in ranges.parse_ranges(chunks))
    pods = parallelism(pdfjob, completions)
    some_wait = pods > pdfjob.workers
    env = {} if chunks is None else {environment.CHUNKS_ENV: chunks}
    if some_wait:
        env[environment.WORKERS_ENV] = str(pdfjob.workers)
    pod = _stage_pod(pdfjob, settings, Stage.CHUNKS, "process", env, doublings=doublings)
    if some_wait:
        be_ready_at_work(pod)
    manifest = _job(pdfjob, settings, pod)
    annotations = manifest["metadata"]["annotations"]
    annotations[ANNOTATION_PAGES], annotations[ANNOTATION_TOTAL] = str(pages), str(total)
    if chunks is not None:
        annotations[ANNOTATION_CHUNKS] = chunks
    if some_wait:
        annotations[ANNOTATION_WORKERS] = str(pdfjob.workers)
    # Unless its author limits it, all chunks may fail: one bad chunk must not stop the others; the merge decides.
    may_fail = completions if pdfjob.max_failed_chunks is None else min(pdfjob.max_failed_chunks, completions)
    return manifest | {
        "spec": manifest["spec"]
        | {
            "completionMode": "Indexed",
            "completions": completions,
            "parallelism": pods,
            "backoffLimitPerIndex": pdfjob.retries,
            "maxFailedIndexes": may_fail,
            "activeDeadlineSeconds": seconds,
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": failure_policy(Stage.CHUNKS),
        }
    }


def merge_job(
    pdfjob: PdfJob,
    settings: Settings,
    *,
    unfinished: str | None,
    seconds: int,
    unfinished_message: str = "",
    completed: str = "",
    out_of_memory: str = "",
    doublings: int = 0,
    merge_input: str = "",
    early: bool = False,
) -> Manifest:
    """Build the Job that merges the results and cleans up.

    Args:
        pdfjob: The PdfJob.
        settings: The operator's configuration.
        unfinished: Reason to record for chunks that left neither a result nor a reason.
        seconds: Time left until the timeout; merge gets at least `MIN_MERGE_SECONDS`.
        unfinished_message: Sentence to record with that reason.
        completed: Chunks that have a result, as a `NumberSet`; empty if the source may not even be split.
        out_of_memory: Chunks whose pods were killed for exceeding their memory limit, as ranges.
        doublings: How many times to double its own memory limit.
        merge_input: Input of the merge as text, which the operator reads again when merge ends.
        early: Wait for all results, and try once: the Job of an early merge.
    """
    variables = {
        environment.UNFINISHED_ENV: unfinished,
        environment.UNFINISHED_MESSAGE_ENV: unfinished_message,
        environment.COMPLETED_ENV: completed,
        environment.OUT_OF_MEMORY_ENV: out_of_memory,
        environment.EARLY_ENV: "true" if early else "",
    }
    stage = Stage.EARLY_MERGE if early else Stage.MERGE
    env = {name: value for name, value in variables.items() if value}
    pod = _stage_pod(pdfjob, settings, stage, "merge", env, doublings=doublings)
    manifest = _job(pdfjob, settings, pod)
    manifest["metadata"]["annotations"][ANNOTATION_MERGE_INPUT] = merge_input
    return manifest | {
        "spec": manifest["spec"]
        | {
            "backoffLimit": 0 if early else STAGE_RETRIES,
            "activeDeadlineSeconds": max(seconds, MIN_MERGE_SECONDS),
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": failure_policy(stage),
        }
    }


def parallelism(pdfjob: PdfJob, chunks: int) -> int:
    """Return the number of pods for chunks: at most as many as there are chunks; 0 pauses."""
    return min(pdfjob.workers + pdfjob.prestart, chunks) if pdfjob.workers else 0


def _job(pdfjob: PdfJob, settings: Settings, pod: Manifest) -> Manifest:
    """Build a Job whose spec only has its pods, with their labels; Kueue resumes it if it waits in a queue."""
    labels = pod["metadata"]["labels"]
    stage, round_, doublings = Stage(labels[LABEL_STAGE]), int(labels[LABEL_ROUND]), int(labels[LABEL_DOUBLINGS])
    queue = queue_labels(settings.queueing, stage, pdfjob.labels)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": stage_job_name(pdfjob, stage, round_, doublings),
            "namespace": pdfjob.key.namespace,
            "labels": {**labels, **queue},
            "annotations": {ANNOTATION_JOB: pdfjob.key.name, ANNOTATION_OPERATOR: settings.identity},
            "ownerReferences": [owner_reference(pdfjob)],
        },
        "spec": {"template": pod, **({"suspend": True} if queue else {})},
    }


def _stage_pod(
    pdfjob: PdfJob, settings: Settings, stage: Stage, command: str, env: dict[str, str], *, doublings: int
) -> Manifest:
    """Build the pod template of a stage, with access to the workspace."""
    processes = stage in (Stage.PREPARE, Stage.CHUNKS)  # prepare does, too, if there is one chunk only
    env = {**env, environment.ROUND_ENV: str(pdfjob.round)}
    if processes:
        env[environment.STORAGE_LIMIT_ENV] = str(settings.max_storage)
    if processes and settings.can_double(doublings):
        env[environment.MORE_MEMORY_ENV] = "true"
    if processes and pdfjob.api_key_secret is not None:
        env |= gemini_access.gemini_environment(settings, pdfjob.uid)
    pod = pod_template(settings, stage.value, command, env, doublings)
    if processes and pdfjob.api_key_secret is not None:
        gemini_access.mount_gemini_secrets(pod, settings, pdfjob.api_key_secret)
    pod["metadata"]["labels"] |= {
        LABEL_UID: pdfjob.uid,
        LABEL_STAGE: stage.value,
        LABEL_PROCESSOR: pdfjob.processor["name"],
        LABEL_ROUND: str(pdfjob.round),
        LABEL_DOUBLINGS: str(doublings),
    }
    pod["metadata"]["annotations"] |= {ANNOTATION_JOB: pdfjob.key.name}
    mount_workspace(pod, workspace_claim(pdfjob, settings), workspace_folder(pdfjob), environment.WORKSPACE_MOUNT)
    return pod
