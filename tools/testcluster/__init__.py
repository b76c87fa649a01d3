"""A real one-node Kubernetes for the tests, on a Linux machine without Docker and without an image registry.

Start reading at `node.py` (`up`, `down` and `load`). From there, downwards: `components.py` (programs and their
arguments), `isolation.py` (namespaces), `layout.py` (paths, names and numbers). `tools/builds` builds the programs and
images that the node needs; tests use `volumes.py` and `pods.py`.
"""
