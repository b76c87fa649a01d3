"""The operator: it watches PdfJobs, and turns each into Jobs and a status.

Start reading at `handlers` (what triggers a pass), then `reconcile` (one pass), then `lifecycle` (what a pass decides).
"""
