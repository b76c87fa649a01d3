"""A real one-node Kubernetes for the tests, on a Linux machine without Docker and without an image registry.

Start reading at `node.py`: what `up`, `down` and `load` do. From there, downwards: `components.py` (what runs, with
which arguments), `isolation.py` (the namespaces it all runs in), `layout.py` (where everything lies). `images.py` and
`binaries.py` make what is needed beforehand; `volumes.py` and `pods.py` answer a test's questions.
"""
