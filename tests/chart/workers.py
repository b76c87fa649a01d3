"""The Jobs and pods that an operator creates with the configuration from the chart."""

from __future__ import annotations

from builders import make_gemini, make_pdfjob
from chart.helm import Manifest, environment, operator_of, pods
from pdfjob_operator.configuration.environment import load_settings
from pdfjob_operator.garbage_collection.sweep_job import Claim, sweep_job
from pdfjob_operator.objects.manifests.jobs import chunks_job, merge_job, prepare_job


def worker_jobs(manifests: list[Manifest], operator: str) -> dict[str, Manifest]:
    """Return the Jobs by stage, for a PdfJob with the gemini processor. The operator is named by its Deployment."""
    settings = load_settings(environment(manifests, operator))
    job = make_pdfjob(processor=make_gemini())
    return {
        "prepare": prepare_job(job, settings, seconds=60),
        "chunks": chunks_job(job, settings, total=4, pages=120, seconds=60),
        "merge": merge_job(job, settings, unfinished=None, seconds=60),
        "sweep": sweep_job(Claim("books", settings.workspace_claim), settings, 1),
    }


def all_pods(manifests: list[Manifest]) -> dict[str, Manifest]:
    """Return the pods of the chart and those that its operator creates."""
    jobs = worker_jobs(manifests, operator_of(manifests))
    return pods(manifests) | {stage: job["spec"]["template"] for stage, job in jobs.items()}
