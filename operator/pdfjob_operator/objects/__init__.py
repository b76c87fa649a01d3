"""Kubernetes objects as plain dicts: what the operator reads in them; `manifests` builds those it creates. Pure."""
