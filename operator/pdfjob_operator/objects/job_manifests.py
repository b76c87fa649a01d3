"""The Jobs of a PdfJob as plain dicts. Pure: a PdfJob, the configuration and a few numbers in, a manifest out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chunk_runner.contract import environment, ranges
from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.job_spec import JobSpec
from pdfjob_operator.objects import gemini
from pdfjob_operator.objects.kubernetes import Manifest
from pdfjob_operator.objects.labels import (
    ANNOTATION_CHUNKS,
    ANNOTATION_JOB,
    ANNOTATION_PAGES,
    ANNOTATION_TOTAL,
    LABEL_MEMORY,
    LABEL_PROCESSOR,
    LABEL_QUEUE,
    LABEL_ROUND,
    LABEL_STAGE,
    LABEL_UID,
)
from pdfjob_operator.objects.names import owner_reference, stage_job_name, workspace_claim, workspace_folder
from pdfjob_operator.objects.phases import Stage
from pdfjob_operator.objects.pod_manifests import mount_secret, mount_workspace, pod_template


if TYPE_CHECKING:
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.objects.pdfjob import PdfJob


STAGE_RETRIES = 3
"""How often prepare and merge are tried again."""

# Pod deletions that Kubernetes itself announces (drains, evictions, preemption) use up no retries.
_IGNORE_DISRUPTIONS = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}


def prepare_job(job: PdfJob, settings: Settings, *, seconds: int, memory: int = 0) -> Manifest:
    """The Job that splits the source; with one chunk, it does everything.

    Args:
        job: The PdfJob.
        settings: The configuration.
        seconds: What is left of the job's time.
        memory: How often its memory limit is doubled.
    """
    spec = JobSpec(
        path=job.path,
        processor=dict(job.processor),
        pages_per_chunk=job.pages_per_chunk,
        sha256=job.sha256,
        pages=job.pages,
        language=job.language,
        format=job.output_format,
        api_key_secret=None if job.api_key is None else job.api_key[0],
    )
    pod = _stage_pod(job, settings, Stage.PREPARE, "prepare", {environment.SPEC_ENV: spec.dumps()}, memory=memory)
    # The whole volume, read-only: a subPath to a missing file would make the kubelet create a folder of that name.
    claim = job.source_claim or workspace_claim(job, settings)
    name = "workspace"
    if claim != workspace_claim(job, settings):
        name = "source"
        pod["spec"]["volumes"].append({"name": name, "persistentVolumeClaim": {"claimName": claim, "readOnly": True}})
    pod["spec"]["containers"][0]["volumeMounts"].append(
        {"name": name, "mountPath": environment.SOURCE_MOUNT, "readOnly": True}
    )
    if job.password is not None:
        mount_secret(pod, *job.password, environment.PASSWORD_FILE)
    return _job(job, pod) | {
        "spec": {
            "backoffLimit": STAGE_RETRIES,
            "activeDeadlineSeconds": seconds,
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": {
                "rules": [
                    _IGNORE_DISRUPTIONS,
                    _on_exit("FailJob", ExitCode.SOURCE, ExitCode.CONFIGURATION, ExitCode.USAGE, ExitCode.MEMORY),
                ]
            },
            "template": pod,
        }
    }


def chunks_job(
    job: PdfJob,
    settings: Settings,
    *,
    total: int,
    pages: int,
    seconds: int,
    chunks: str | None = None,
    memory: int = 0,
) -> Manifest:
    """The Indexed Job that processes the chunks, one pod for each.

    Args:
        job: The PdfJob.
        settings: The configuration.
        total: Chunks of the whole job; kept on the Job.
        pages: Pages of the source; kept on the Job.
        seconds: What is left of the job's time.
        chunks: The chunks to run, as ranges; `None` for all.
        memory: How often the memory limit of its pods is doubled.
    """
    pod = _stage_pod(
        job,
        settings,
        Stage.CHUNKS,
        "process",
        {} if chunks is None else {environment.CHUNKS_ENV: chunks},
        memory=memory,
    )
    manifest = _job(job, pod)
    annotations = manifest["metadata"]["annotations"]
    annotations[ANNOTATION_PAGES], annotations[ANNOTATION_TOTAL] = str(pages), str(total)
    completions = total
    if chunks is not None:
        annotations[ANNOTATION_CHUNKS] = chunks
        completions = sum(len(run) for run in ranges.parse_ranges(chunks))
    # Every chunk is run, then the merge judges: one bad chunk must not take the others with it, unless it is to.
    may_fail = completions if job.max_failed_chunks is None else min(job.max_failed_chunks, completions)
    queue: dict[str, Any] = {}
    if job.queue_name is not None:  # Kueue starts what it finds suspended, once there is room
        manifest["metadata"]["labels"] = {**manifest["metadata"]["labels"], LABEL_QUEUE: job.queue_name}
        queue = {"suspend": True}
    return manifest | {
        "spec": {
            **queue,
            "completionMode": "Indexed",
            "completions": completions,
            "parallelism": parallelism(job, completions),
            "backoffLimitPerIndex": job.retries,
            "maxFailedIndexes": may_fail,
            "activeDeadlineSeconds": seconds,
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": {
                "rules": [
                    _IGNORE_DISRUPTIONS,
                    _on_exit("FailIndex", ExitCode.CHUNK, ExitCode.MEMORY),
                    _on_exit("FailJob", ExitCode.CONFIGURATION, ExitCode.USAGE),
                ]
            },
            "template": pod,
        }
    }


def merge_job(
    job: PdfJob,
    settings: Settings,
    *,
    unfinished: str | None,
    seconds: int,
    out_of_memory: str = "",
    memory: int = 0,
) -> Manifest:
    """The Job that merges the results and cleans up.

    Args:
        job: The PdfJob.
        settings: The configuration.
        unfinished: The reason to record for chunks that left neither a result nor a reason.
        seconds: How long it may take.
        out_of_memory: The chunks whose pods were killed for using too much memory, as ranges.
        memory: How often its own memory limit is doubled.
    """
    env = {} if unfinished is None else {environment.UNFINISHED_ENV: unfinished}
    if out_of_memory:
        env[environment.OUT_OF_MEMORY_ENV] = out_of_memory
    pod = _stage_pod(job, settings, Stage.MERGE, "merge", env, memory=memory)
    return _job(job, pod) | {
        "spec": {
            "backoffLimit": STAGE_RETRIES,
            "activeDeadlineSeconds": seconds,
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": {"rules": [_IGNORE_DISRUPTIONS]},
            "template": pod,
        }
    }


def parallelism(job: PdfJob, chunks: int) -> int:
    """Chunks in flight: never more than there are, and 0 pauses."""
    return min(job.workers, chunks)


def _job(job: PdfJob, pod: Manifest) -> Manifest:
    """A Job but for its spec, labelled as its pods are."""
    labels = pod["metadata"]["labels"]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": stage_job_name(
                job, Stage(labels[LABEL_STAGE]), int(labels[LABEL_ROUND]), int(labels[LABEL_MEMORY])
            ),
            "namespace": job.key.namespace,
            "labels": labels,
            "annotations": dict(pod["metadata"]["annotations"]),
            "ownerReferences": [owner_reference(job)],
        },
    }


def _stage_pod(
    job: PdfJob, settings: Settings, stage: Stage, command: str, env: dict[str, str], *, memory: int
) -> Manifest:
    processes = stage is not Stage.MERGE  # prepare does so too, if there is only one chunk
    env = {**env, environment.ROUND_ENV: str(job.round)}
    if processes and settings.can_double(memory):
        env[environment.MORE_MEMORY_ENV] = "true"
    if processes and job.api_key is not None:
        env |= gemini.gemini_environment(settings, job.uid)
    pod = pod_template(settings, stage.value, command, env, memory)
    if processes and job.api_key is not None:
        gemini.equip(pod, settings, job.api_key)
    pod["metadata"]["labels"] |= {
        LABEL_UID: job.uid,
        LABEL_STAGE: stage.value,
        LABEL_PROCESSOR: job.processor["name"],
        LABEL_ROUND: str(job.round),
        LABEL_MEMORY: str(memory),
    }
    pod["metadata"]["annotations"] = {ANNOTATION_JOB: job.key.name}
    mount_workspace(pod, workspace_claim(job, settings), workspace_folder(job), environment.WORKSPACE_MOUNT)
    return pod


def _on_exit(action: str, *codes: ExitCode) -> dict[str, Any]:
    return {"action": action, "onExitCodes": {"operator": "In", "values": sorted(codes)}}
