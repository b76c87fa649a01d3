"""Garbage collection: sweep Jobs remove the workspaces of deleted PdfJobs from their volumes."""
