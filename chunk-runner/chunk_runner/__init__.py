"""The chunk runner: everything that touches PDF bytes.

Start reading at `contract` (what it promises its callers), then `prepare`, `process` and `merge`, the three stages.
It knows nothing of Kubernetes: stages are functions over a workspace folder, run by a pod or by `pdfjob run` alike.
"""
