"""The panels about the operator's own work: their queries, and how to read them."""

from tools.generators.dashboard.panel import Panel, quantiles, rates


OPERATOR = [
    Panel(
        "Reconciles per second",
        "Reconciles by outcome. Refused means a quota or a policy. If errors persist, see PdfJobReconcileErrors.",
        rates("pdfjob_reconcile_duration_seconds_count", "outcome", selector=""),
        unit="ops",
        stacked=True,
    ),
    Panel(
        "Reconcile duration",
        "Duration of one reconcile; most of it is the response time of the API server.",
        quantiles("pdfjob_reconcile_duration_seconds"),
        unit="s",
    ),
    Panel(
        "Work queue depth",
        "PdfJobs in the work queue. If the number only grows, the operator cannot keep up.",
        {"waiting": "sum(pdfjob_workqueue_depth)"},
    ),
    Panel(
        "API requests",
        "Requests to the API server by method and resource, without watches.",
        rates("pdfjob_api_requests_total", "method", "resource", selector=""),
        unit="reqps",
        stacked=True,
        width=6,
    ),
    Panel(
        "API errors",
        "Error responses of the API server by status code. Occasional 404 and 409 responses are normal.",
        rates("pdfjob_api_requests_total", "code", selector='{code!~"2.."}'),
        unit="reqps",
        stacked=True,
        width=6,
    ),
    Panel(
        "Lag",
        "Watch: time for which a watch has delivered nothing although it should; the operator is restarted at 90 s. "
        "Work queue: longest time that a PdfJob has been due. Event loop: its delay.",
        {
            "watch": "max(pdfjob_watch_lag_seconds)",
            "work queue": "max(pdfjob_workqueue_longest_wait_seconds)",
            "event loop": "max(pdfjob_event_loop_lag_seconds)",
        },
        unit="s",
        width=6,
    ),
    Panel(
        "Watch failures",
        "Restarts of the watch, and changes that it missed and the resync found.",
        {
            "restarts": "sum(increase(pdfjob_watch_restarts_total[$__rate_interval]))",
            "missed events": "sum(increase(pdfjob_missed_events_total[$__rate_interval]))",
        },
        width=6,
    ),
]
