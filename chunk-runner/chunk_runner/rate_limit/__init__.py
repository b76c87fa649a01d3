"""The request budget that all pods with one API key share: through Redis, or within one process."""
