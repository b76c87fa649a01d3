"""Observation: `observer` reads everything about a PdfJob, once per pass, into a `planning.observation.Observation`."""
