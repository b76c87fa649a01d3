"""Kubernetes objects as plain dicts: parsed when they are read, built when they are created. Pure."""
