"""Garbage collection: workspaces whose PdfJob is gone are removed from their volumes."""
