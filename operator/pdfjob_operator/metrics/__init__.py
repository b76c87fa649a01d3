"""Prometheus metrics: their definitions, and what feeds them."""
