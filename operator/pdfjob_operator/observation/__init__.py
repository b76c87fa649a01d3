"""Observation: everything that the planner must know of a PdfJob, gathered once per pass."""
