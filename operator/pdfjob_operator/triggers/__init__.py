"""Triggers: watch events and the resync add PdfJobs to the work queue."""
