"""The manifests of the Jobs that the operator creates, as plain dicts. Pure.

- `jobs`: the Job of each stage.
- `pods`: the pod of a Job, which knows nothing of PdfJobs.
- `pod_additions`: what the administrator and the author of a PdfJob add to a pod.
- `queue_labels`: in which queue of Kueue a Job waits.
- `gemini_access`: what a pod needs in order to ask Gemini.
- `failure_policies`: what becomes of a Job when one of its pods fails.
"""
