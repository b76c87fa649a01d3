"""Triggers: what makes the reconciler look at a PdfJob, events (Kopf) and a periodic listing."""
