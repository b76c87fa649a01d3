"""The operator: watches PdfJobs, creates the Jobs that process them, and writes their statuses.

Start reading at `triggers.handlers` (the watch), then `reconciler` (one reconciliation) and `planning.planner` (what it
decides).
"""
