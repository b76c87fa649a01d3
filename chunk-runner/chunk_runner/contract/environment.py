"""The environment of a pod: mounts, files and variables that the operator sets and the chunk runner reads."""

WORKSPACES = "pdfjobs"
"""The folder on a shared volume that holds all workspaces: a folder per namespace, with a folder per PdfJob, named by
its uid. Several namespaces may share a volume, and none may take the workspaces of another for leftovers."""

WORKSPACE_MOUNT = "/workspace"
"""The workspace of the pod's job."""

SOURCE_MOUNT = "/source"
"""In the prepare pod: the whole volume of the source, read-only, without the workspaces of all jobs."""

WORKSPACES_MOUNT = "/workspaces"
"""In the sweep pod: all workspaces of its namespace."""

SPEC_ENV = "PDFJOB_SPEC"
"""The `JobSpec` as JSON; for prepare only, every later pod reads the manifest."""

INDEX_ENV = "JOB_COMPLETION_INDEX"
"""The index of the pod, which selects its chunk; Kubernetes sets it in every pod of an Indexed Job."""

CHUNKS_ENV = "PDFJOB_CHUNKS"
"""The chunks of this round as ranges: index 0 of the Job is the first of them. Not set if the round has all chunks."""

OUT_OF_MEMORY_ENV = "PDFJOB_OUT_OF_MEMORY"
"""For merge: the chunks whose pods were killed for using too much memory, as ranges; they could not report it."""

COMPLETED_ENV = "PDFJOB_COMPLETED"
"""For merge: the chunks that have a result, as a `NumberSet`: all that Kubernetes has seen to complete, and those that
prepare did not hand out again. A result that is not found is one that this node does not see yet. Not set if no chunk
was handed out: then the job may not be prepared, and merge cleans up."""

WORKERS_ENV = "PDFJOB_WORKERS"
"""For process: how many chunks may be processed at the same time. The pod waits for its turn, because there are more
pods than that. Not set if there are not."""

READY_PORT_ENV = "PDFJOB_READY_PORT"
"""For process, beside `WORKERS_ENV`: the TCP port on which the pod listens while it processes its chunk, and not while
it waits. Not set for none."""

EARLY_ENV = "PDFJOB_MERGE_EARLY"
"""For merge: `true` if the last chunks are still being processed. Merge then waits until every chunk has a result, and
merges only if there is nothing left to retry."""

CACHE_ENV = "PDFJOB_CACHE_SECONDS"
"""For how many seconds a node may not see a file that another node has written: `CACHE_SECONDS` if not set."""

CACHE_SECONDS = 75
"""Longer than the attribute cache of NFS, which also remembers that there was no file (60 s, `acdirmax` in nfs(5))."""

CLAIM_ENV = "PDFJOB_CLAIM_UID"
"""The uid of the workspace's claim: pods mark the workspaces with it, and sweep removes only workspaces with this mark.
Not set in a pod that was created before its claim."""

LIVE_ENV = "PDFJOB_LIVE"
"""For sweep: every PdfJob in the namespace, as `LivePdfJobs` with the number in `BEFORE_ENV` as seed."""

BEFORE_ENV = "PDFJOB_BEFORE"
"""For sweep: the age limit, in seconds since 1970. A workspace that changed later may belong to a PdfJob that is
younger than the list."""

ATTEMPT_ENV = "PDFJOB_ATTEMPT"
"""The unique name of this attempt: the uid of the pod."""

MEMORY_ENV = "PDFJOB_MEMORY_LIMIT"
"""The memory limit of the container in bytes (the downward API's `limits.memory`): the sandbox stays below it."""

STORAGE_LIMIT_ENV = "PDFJOB_STORAGE_LIMIT"
"""How much room the PDFs of all chunks may take, and so may all results, in bytes; several times the size of the source
in any case. No limit if not set."""

MORE_MEMORY_ENV = "PDFJOB_MORE_MEMORY"
"""`true` if a pod with more memory can follow: then a page that needs more ends its pod, instead of failing alone."""

UNFINISHED_ENV = "PDFJOB_UNFINISHED_REASON"
"""For merge: the reason to record for chunks that left none themselves."""

UNFINISHED_MESSAGE_ENV = "PDFJOB_UNFINISHED_MESSAGE"
"""For merge: the sentence to record with `UNFINISHED_ENV`, as one of the pods of these chunks reported it."""

PASSWORD_FILE = "/password/password"
"""In the prepare pod: the password of an encrypted source, if its PdfJob names one."""

API_KEY_FILE = "/gemini/api-key"
"""In chunk pods, and in the prepare pod of a single chunk: the key of the model's API."""

BASE_URL_ENV = "PDFJOB_GEMINI_BASE_URL"
"""The base URL of the model's API, if it is not Google's."""

REDIS_URL_ENV = "PDFJOB_REDIS_URL"
"""The URL of the Redis that all pods share, if it has no password."""

REDIS_URL_FILE = "/redis/url"
"""The URL of the Redis that all pods share, if it has a password: the key of a Secret as a file."""

JOB_ENV = "PDFJOB_UID"
"""The PdfJob's uid, under which pods publish in Redis how many pages of their chunk are done."""

REQUESTS_ENV = "PDFJOB_GEMINI_REQUESTS_PER_MINUTE"
"""The number of requests that all pods with one API key may send in any minute; no limit if not set."""

TOKENS_ENV = "PDFJOB_GEMINI_TOKENS_PER_MINUTE"
"""The number of tokens that all pods with one API key may use in any minute; no limit if not set."""

ROUND_ENV = "PDFJOB_ROUND"
"""The round of retries, 0 for the first: pages that failed in an earlier one are tried again."""
