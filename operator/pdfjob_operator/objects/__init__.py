"""Kubernetes objects as plain dicts: parsed on the way in, built on the way out. Pure."""
