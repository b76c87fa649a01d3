"""Prometheus metrics: their definitions, and the classes that set them."""
