"""The panels of the Grafana dashboard, by row: their queries, and how to read them."""

from tools.generators.dashboard.operator_panels import OPERATOR
from tools.generators.dashboard.panel import OF, Panel, gauges, increases, quantiles, rates, selected


HEALTH = [
    Panel(
        "Firing alerts",
        "Empty is good, provided that Prometheus has the rules. Each alert has a runbook in docs/runbooks. "
        "Alerts about the operator appear whichever namespaces are chosen.",
        {"{{alertname}}": 'ALERTS{alertname=~"PdfJob.+",alertstate="firing",pdfjob_namespace=~"$namespace|"}'},
        kind="table",
        width=9,
        height=4,
    ),
    Panel(
        "Operators",
        "Number of operators that Prometheus scrapes, by version. If there is none, see PdfJobOperatorDown.",
        {"{{version}}": "sum by (version) (pdfjob_build_info)"},
        kind="stat",
        width=3,
        height=4,
    ),
    Panel(
        "Longest stall",
        "Time since the most stalled PdfJob made progress; finished, suspended and paused PdfJobs do not count.",
        {"stall": f"max(pdfjob_longest_stall_seconds{OF})"},
        unit="s",
        kind="stat",
        width=4,
        height=4,
        limits=(900, 2700),
    ),
    Panel(
        "Finished PdfJobs",
        "PdfJobs that finished in the selected time range: with all pages, with missing pages, or failed.",
        {"{{result}}": f"round(sum by (result) (increase(pdfjob_jobs_finished_total{OF}[$__range])))"},
        kind="stat",
        width=5,
        height=4,
    ),
    Panel(
        "Free space",
        "Free share of the fullest workspace volume, as last reported by a pod.",
        {"free": f"min(pdfjob_volume_free_ratio{OF})"},
        unit="percentunit",
        kind="stat",
        width=3,
        height=4,
        limits=(0.2, 0.1),
    ),
    Panel(
        "Failed and incomplete PdfJobs",
        "PdfJobs that failed or finished with missing pages, by reason. docs/troubleshooting.md explains each reason.",
        increases("pdfjob_jobs_finished_total", "reason", selected(result='!="succeeded"')),
        stacked=True,
    ),
    Panel(
        "Failed chunks",
        "Chunks whose last attempt failed, by reason. Their pages are missing from the output.",
        increases("pdfjob_chunks_finished_total", "reason", selected(result='="failed"')),
        stacked=True,
    ),
    Panel(
        "Retried attempts",
        "Attempts at a chunk that failed and were retried, by reason. They cost time, but no pages.",
        increases("pdfjob_chunk_retries_total", "reason"),
        stacked=True,
    ),
]

WORKLOAD = [
    Panel(
        "Unfinished PdfJobs",
        "Existing PdfJobs that are not finished, by phase.",
        gauges("pdfjob_jobs", "phase", selected(phase='!~"Succeeded|Failed"')),
        stacked=True,
    ),
    Panel(
        "Chunks of unfinished PdfJobs",
        "Chunks by state. If many wait and few are active, more workers help, provided that the nodes have room.",
        gauges("pdfjob_chunks", "state"),
        stacked=True,
    ),
    Panel(
        "Worker utilization",
        "Share of the available worker time spent on chunks. If it is low, pods start slowly or work is scarce.",
        {
            "busy": f"sum(rate(pdfjob_worker_busy_seconds_total{OF}[$__rate_interval]))"
            f" / sum(rate(pdfjob_worker_available_seconds_total{OF}[$__rate_interval]))"
        },
        unit="percentunit",
        maximum=1,
    ),
    Panel(
        "Retained PdfJobs",
        "Finished PdfJobs that still exist, with their outputs. spec.ttlSecondsAfterFinished deletes them.",
        gauges("pdfjob_jobs", "phase", selected(phase='=~"Succeeded|Failed"')),
        stacked=True,
    ),
    Panel(
        "Workspace size",
        "Size of all workspaces on their volumes, outputs included, as measured by the last sweeps.",
        {"all workspaces": f"sum(pdfjob_workspace_bytes{OF})"},
        unit="bytes",
    ),
    Panel(
        "Orphaned workspaces",
        "Workspaces of deleted PdfJobs that sweeps failed to remove. If they stay, see PdfJobOrphanedWorkspaces.",
        {"orphaned": f"sum(pdfjob_orphaned_workspaces{OF})"},
    ),
]

NAMESPACES = [
    Panel(
        "Unfinished PdfJobs by namespace",
        "PdfJobs that are not finished. Other stands for all namespaces beyond the chart's metrics.maxNamespaces.",
        gauges("pdfjob_jobs", "pdfjob_namespace", selected(phase='!~"Succeeded|Failed"')),
        stacked=True,
        width=6,
    ),
    Panel(
        "Failed PdfJobs by namespace",
        "PdfJobs that failed.",
        increases("pdfjob_jobs_finished_total", "pdfjob_namespace", selected(result='="failed"')),
        stacked=True,
        width=6,
    ),
    Panel(
        "Pages by namespace",
        "Pages of finished PdfJobs, failed pages included.",
        increases("pdfjob_pages_total", "pdfjob_namespace"),
        stacked=True,
        width=6,
    ),
    Panel(
        "Workspace size by namespace",
        "Size of all workspaces on their volumes, outputs included, as measured by the last sweeps.",
        gauges("pdfjob_workspace_bytes", "pdfjob_namespace"),
        unit="bytes",
        stacked=True,
        width=6,
    ),
]

THROUGHPUT = [
    Panel(
        "Pages per second",
        "Processed pages by processor; pages that the PdfJob did not select do not count.",
        rates("pdfjob_pages_total", "processor", selector=selected(state='!="skipped"')),
        unit="suffix: pages/s",
        stacked=True,
    ),
    Panel(
        "Pages by state",
        "Pages of finished PdfJobs, by their state in the ledger.",
        increases("pdfjob_pages_total", "state"),
        stacked=True,
    ),
    Panel(
        "PdfJob duration",
        "Time from the first reconcile to the end, suspended time included, by result. All namespaces.",
        quantiles("pdfjob_job_duration_seconds", "result"),
        unit="s",
    ),
    Panel(
        "Phase duration",
        "Mean time in each phase. If Pending is long, pods start slowly; if Merging is long, the volume is slow. "
        "All namespaces.",
        {
            "{{phase}}": "sum by (phase) (rate(pdfjob_phase_duration_seconds_sum[$__rate_interval]))"
            " / sum by (phase) (rate(pdfjob_phase_duration_seconds_count[$__rate_interval]))"
        },
        unit="s",
        width=6,
    ),
    Panel(
        "Chunk duration",
        "Processing time of one attempt at a chunk, without the start of its pod, by processor. All namespaces.",
        quantiles("pdfjob_chunk_attempt_duration_seconds", "processor"),
        unit="s",
        width=6,
    ),
    Panel(
        "Chunk wait",
        "Time that a ready chunk waited for its first attempt: for a worker, a node or an image. All namespaces.",
        quantiles("pdfjob_chunk_wait_duration_seconds"),
        unit="s",
        width=6,
    ),
    Panel(
        "Chunk memory",
        "Peak memory of one attempt. Near the memory limit, chunks are OOM-killed and retried with twice the memory. "
        "All namespaces.",
        quantiles("pdfjob_chunk_attempt_peak_memory_bytes"),
        unit="bytes",
        width=6,
    ),
]

COST = [
    Panel(
        "Cost in range",
        "Estimated cost in the selected time range, by the chart's price table. Models without a price do not count.",
        {"{{currency}}": f"sum by (currency) (increase(pdfjob_estimated_cost_total{OF}[$__range]))"},
        kind="stat",
    ),
    Panel(
        "Cost per hour",
        "Estimated cost per hour, by model.",
        rates("pdfjob_estimated_cost_total", "model", "currency", factor="3600 * "),
        stacked=True,
    ),
    Panel(
        "Tokens per second",
        "Tokens by model and kind: prompt, output, thoughts, and the part of the prompt that was cached.",
        rates("pdfjob_tokens_total", "model", "kind"),
        unit="suffix: tokens/s",
    ),
]

ROWS = {
    "Health": HEALTH,
    "Workload": WORKLOAD,
    "Namespaces": NAMESPACES,
    "Throughput": THROUGHPUT,
    "Cost": COST,
    "Operator": OPERATOR,
}
