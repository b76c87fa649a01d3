"""The manifests of the Jobs that the operator creates, as plain dicts. Pure.

- `jobs`: the Job of each stage.
- `pods`: the pod of a Job, which knows nothing of PdfJobs.
- `gemini_access`: what a pod needs in order to ask Gemini.
- `failure_policies`: what becomes of a Job when one of its pods fails.
"""
