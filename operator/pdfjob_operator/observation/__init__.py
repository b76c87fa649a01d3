"""Observation: `observer` reads everything about a PdfJob into one `planning.observation.Observation`."""
