"""The chunk runner: the only code that reads PDFs.

Start reading at `contract`, which defines its interface, then at `stages`. It knows nothing of Kubernetes: stages are
functions over a workspace folder, which pods and `pdfjob run` call alike.
"""
