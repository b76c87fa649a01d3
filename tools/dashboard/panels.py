"""The panels of the Grafana dashboard: what they ask Prometheus, and what to make of it."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Panel:
    """A panel.

    Attributes:
        title: A few words.
        description: What it shows, and what to make of it.
        queries: PromQL by the legend of its lines.
        unit: As Grafana names it.
        kind: `timeseries`, `stat` or `table`.
        width: Of 24 columns.
        height: In Grafana's rows.
        stacked: Whether the lines add up to something.
        limits: From where on a figure is yellow, and red; falling, if little is bad.
    """

    title: str
    description: str
    queries: dict[str, str]
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 8
    height: int = 7
    stacked: bool = False
    limits: tuple[float, ...] = field(default=())


def quantiles(histogram: str, by: str = "") -> dict[str, str]:
    """The median and the 95th percentile of a histogram, by one of its labels if need be."""
    labels, legend = (f"le, {by}", f" {{{{{by}}}}}") if by else ("le", "")
    buckets = f"sum by ({labels}) (rate({histogram}_bucket[$__rate_interval]))"
    return {
        f"{name}{legend}": f"histogram_quantile({share}, {buckets})"
        for name, share in (("median", 0.5), ("95 %", 0.95))
    }


WRONG = [
    Panel(
        "Alerts that fire",
        "Each has a page: docs/runbooks in the project. Empty is good, if Prometheus has the rules.",
        {"{{alertname}}": 'ALERTS{alertname=~"PdfJob.+",alertstate="firing"}'},
        kind="table",
        width=9,
        height=4,
    ),
    Panel(
        "Operators",
        "How many Prometheus sees, by version. None: PdfJobOperatorDown.",
        {"{{version}}": "sum by (version) (pdfjob_build_info)"},
        kind="stat",
        width=3,
        height=4,
    ),
    Panel(
        "Longest standstill",
        "For how long the unfinished PdfJob that has stood still longest has done so; suspended and paused ones apart.",
        {"standstill": "max(pdfjob_oldest_progress_seconds)"},
        unit="s",
        kind="stat",
        width=4,
        height=4,
        limits=(900, 2700),
    ),
    Panel(
        "Ended",
        "PdfJobs that ended in the time shown: with all pages, with pages missing, or failed.",
        {"{{result}}": "round(sum by (result) (increase(pdfjob_jobs_finished_total[$__range])))"},
        kind="stat",
        width=5,
        height=4,
    ),
    Panel(
        "Room left",
        "The free share of the fullest volume, among the claims that pods have reported on.",
        {"free": "min(pdfjob_volume_free_ratio)"},
        unit="percentunit",
        kind="stat",
        width=3,
        height=4,
        limits=(0.2, 0.1),
    ),
    Panel(
        "PdfJobs that failed or have gaps",
        "By reason; docs/troubleshooting.md says what to do about each.",
        {"{{reason}}": 'sum by (reason) (increase(pdfjob_jobs_finished_total{result!="succeeded"}[$__rate_interval]))'},
        stacked=True,
    ),
    Panel(
        "Chunks that failed",
        "By reason, after their last attempt. Their pages are missing from the output.",
        {"{{reason}}": 'sum by (reason) (increase(pdfjob_chunks_finished_total{result="failed"}[$__rate_interval]))'},
        stacked=True,
    ),
    Panel(
        "Attempts in vain",
        "By reason: attempts at a chunk that failed and were followed by another. They cost time, and no page.",
        {"{{reason}}": "sum by (reason) (increase(pdfjob_chunk_retries_total[$__rate_interval]))"},
        stacked=True,
    ),
]

RUNNING = [
    Panel(
        "PdfJobs by phase",
        "All PdfJobs that exist, the finished ones apart.",
        {"{{phase}}": 'sum by (phase) (pdfjob_jobs{phase!~"Succeeded|Failed"})'},
        stacked=True,
    ),
    Panel(
        "Chunks of unfinished PdfJobs",
        "Many that wait and few that are active: more workers would help, if the nodes have room.",
        {"{{state}}": "sum by (state) (pdfjob_chunks)"},
        stacked=True,
    ),
    Panel(
        "Use of workers",
        "The share of the workers' time that is spent on chunks. Low: pods start slowly, or there is little to do.",
        {
            "busy": "sum(rate(pdfjob_busy_seconds_total[$__rate_interval]))"
            " / sum(rate(pdfjob_worker_seconds_total[$__rate_interval]))"
        },
        unit="percentunit",
    ),
    Panel(
        "PdfJobs kept",
        "Finished PdfJobs that still exist, with their outputs; spec.ttlSecondsAfterFinished removes them.",
        {"{{phase}}": 'sum by (phase) (pdfjob_jobs{phase=~"Succeeded|Failed"})'},
        stacked=True,
    ),
    Panel(
        "Size of workspaces",
        "What workspaces take on their volumes, outputs included, as the last sweeps found them.",
        {"all workspaces": "sum(pdfjob_workspace_bytes)"},
        unit="bytes",
    ),
    Panel(
        "Workspaces without a PdfJob",
        "As the last sweeps found them; the next one removes them. If not: PdfJobStaleWorkspaces.",
        {"left behind": "sum(pdfjob_stale_workspaces)"},
    ),
]

FAST = [
    Panel(
        "Pages a second",
        "By processor, those that were not selected apart.",
        {"{{processor}}": 'sum by (processor) (rate(pdfjob_pages_total{state!="skipped"}[$__rate_interval]))'},
        unit="suffix: pages/s",
        stacked=True,
    ),
    Panel(
        "What became of pages",
        "The ledger of all jobs: pages by state.",
        {"{{state}}": "sum by (state) (increase(pdfjob_pages_total[$__rate_interval]))"},
        stacked=True,
    ),
    Panel(
        "Duration of PdfJobs",
        "From the start to the end, the time suspended included, by result.",
        quantiles("pdfjob_job_duration_seconds", "result"),
        unit="s",
    ),
    Panel(
        "Time in each phase",
        "The mean of those that left the phase. Pending: pods do not start. Merging: the volume is slow.",
        {
            "{{phase}}": "sum by (phase) (rate(pdfjob_phase_seconds_sum[$__rate_interval]))"
            " / sum by (phase) (rate(pdfjob_phase_seconds_count[$__rate_interval]))"
        },
        unit="s",
        width=6,
    ),
    Panel(
        "Duration of a chunk",
        "One attempt's work, without the start of its pod, by processor.",
        quantiles("pdfjob_chunk_seconds", "processor"),
        unit="s",
        width=6,
    ),
    Panel(
        "Wait of a chunk",
        "From the moment it could start until its first attempt began: for a worker, a node, an image.",
        quantiles("pdfjob_chunk_wait_seconds"),
        unit="s",
        width=6,
    ),
    Panel(
        "Memory of a chunk",
        "The peak. Near runnerResources.limits.memory, chunks are killed and run again with twice as much.",
        quantiles("pdfjob_chunk_memory_bytes"),
        unit="bytes",
        width=6,
    ),
]

COST = [
    Panel(
        "Cost in the time shown",
        "An estimate by the chart's price table; models that it does not have are left out.",
        {"{{currency}}": "sum by (currency) (increase(pdfjob_estimated_cost_total[$__range]))"},
        kind="stat",
    ),
    Panel(
        "Cost an hour",
        "The same estimate, by model.",
        {
            "{{model}}, {{currency}}": "3600"
            " * sum by (model, currency) (rate(pdfjob_estimated_cost_total[$__rate_interval]))"
        },
        stacked=True,
    ),
    Panel(
        "Tokens a second",
        "By model and kind: what was asked, what was answered, what was thought, and what of the question was cached.",
        {"{{model}} {{kind}}": "sum by (model, kind) (rate(pdfjob_tokens_total[$__rate_interval]))"},
        unit="suffix: tokens/s",
    ),
]

OPERATOR = [
    Panel(
        "Passes",
        "Passes over a PdfJob, by outcome. Errors that go on: PdfJobReconcileErrors. Refused: a quota, a policy.",
        {"{{outcome}}": "sum by (outcome) (rate(pdfjob_reconcile_seconds_count[$__rate_interval]))"},
        unit="ops",
        stacked=True,
    ),
    Panel(
        "Duration of a pass",
        "Mostly the API server's time.",
        quantiles("pdfjob_reconcile_seconds"),
        unit="s",
    ),
    Panel(
        "PdfJobs that wait for a pass",
        "How many. A number that only grows is an operator that cannot keep up.",
        {"waiting": "sum(pdfjob_queue_depth)"},
    ),
    Panel(
        "Calls of the API server",
        "By method and resource, the watches apart.",
        {"{{method}} {{resource}}": "sum by (method, resource) (rate(pdfjob_api_calls_total[$__rate_interval]))"},
        unit="reqps",
        stacked=True,
        width=6,
    ),
    Panel(
        "Answers other than success",
        "Of the API server, by status code. 404 and 409 now and then are part of the work.",
        {"{{code}}": 'sum by (code) (rate(pdfjob_api_calls_total{code!~"2.."}[$__rate_interval]))'},
        unit="reqps",
        stacked=True,
        width=6,
    ),
    Panel(
        "Delays",
        "Echo: for how long something written has not come back by the watch; /healthz gives up at 90 s. "
        "Queue: for how long a PdfJob has been due; 300 s. Loop: how late the event loop is.",
        {
            "echo": "max(pdfjob_watch_echo_age_seconds)",
            "queue": "max(pdfjob_queue_oldest_seconds)",
            "loop": "max(pdfjob_event_loop_lag_seconds)",
        },
        unit="s",
        width=6,
    ),
    Panel(
        "What the watch lost",
        "Restarts of the watch, and PdfJobs that only the resync found something to do for.",
        {
            "restarts": "sum(increase(pdfjob_watch_restarts_total[$__rate_interval]))",
            "found by the resync": "sum(increase(pdfjob_resync_drift_total[$__rate_interval]))",
        },
        width=6,
    ),
]

ROWS = {
    "Is anything wrong?": WRONG,
    "What is running?": RUNNING,
    "How fast?": FAST,
    "What does it cost?": COST,
    "Is the operator well?": OPERATOR,
}
