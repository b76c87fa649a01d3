"""The Kubernetes API: the only package that talks to the API server."""
