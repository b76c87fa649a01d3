"""The environment of a pod: mounts, files and variables that the operator sets and the chunk runner reads."""

WORKSPACES = "pdfjobs"
"""The folder on a shared volume that holds the workspaces: in it a folder per namespace, in that one per PdfJob, named
by its uid. A volume may serve several namespaces; none may take the workspaces of another for leftovers."""

WORKSPACE_MOUNT = "/workspace"
"""Where a pod finds its job's workspace."""

SOURCE_MOUNT = "/source"
"""Where the prepare pod finds the source's volume, read-only and as a whole."""

WORKSPACES_MOUNT = "/workspaces"
"""Where the sweep pod finds all workspaces of its namespace."""

SPEC_ENV = "PDFJOB_SPEC"
"""The `JobSpec` as JSON; for the prepare pod only, every later pod reads the manifest."""

INDEX_ENV = "JOB_COMPLETION_INDEX"
"""The chunk to process (set by Kubernetes, see the documentation of Indexed Jobs)."""

CHUNKS_ENV = "PDFJOB_CHUNKS"
"""The chunks of this round as ranges: index 0 of the Job is the first of them. Not set when the round has them all."""

OUT_OF_MEMORY_ENV = "PDFJOB_OUT_OF_MEMORY"
"""For merge: the chunks whose pods were killed for using too much memory, as ranges; these could not say so."""

LIVE_ENV = "PDFJOB_LIVE"
"""For sweep: the first `LIVE_LENGTH` characters of the uid of every PdfJob in the namespace, separated by commas."""

LIVE_LENGTH = 8
"""Enough to tell uids apart, and short enough for 10,000 of them in one variable (the kernel's limit is 128 KiB).
Should two be alike after all, a leftover stays."""

BEFORE_ENV = "PDFJOB_BEFORE"
"""For sweep: what changed later than this may belong to a PdfJob that is younger than the list (seconds since 1970)."""

ATTEMPT_ENV = "PDFJOB_ATTEMPT"
"""A name for this attempt that no other attempt has: the pod's uid."""

MEMORY_ENV = "PDFJOB_MEMORY_LIMIT"
"""The memory limit of the container in bytes (the downward API's `limits.memory`): the sandbox stays below it."""

MORE_MEMORY_ENV = "PDFJOB_MORE_MEMORY"
"""Set when a pod with more memory can follow: then a page that needs more ends its pod, instead of failing alone."""

UNFINISHED_ENV = "PDFJOB_UNFINISHED_REASON"
"""For merge: the reason to record for chunks that left none themselves."""

PASSWORD_FILE = "/password/password"  # noqa: S105 (a path)
"""Where the prepare pod finds the password of an encrypted source, if its PdfJob names one."""

API_KEY_FILE = "/gemini/api-key"
"""Where a chunk pod, and the prepare pod of a single chunk, finds the key of the model's API."""

BASE_URL_ENV = "PDFJOB_GEMINI_BASE_URL"
"""Where the model's API is, if not at its usual place."""

REDIS_URL_ENV = "PDFJOB_REDIS_URL"
"""The Redis that all pods share, if there is one without a password."""

REDIS_URL_FILE = "/redis/url"
"""The same, where it has one: a Secret's key as a file."""

JOB_ENV = "PDFJOB_UID"
"""The PdfJob's uid: under it pods tell through Redis how many pages of their chunk are done."""

REQUESTS_ENV = "PDFJOB_GEMINI_REQUESTS_PER_MINUTE"
"""How many requests all pods with one API key may send in any minute; no limit if not set."""

TOKENS_ENV = "PDFJOB_GEMINI_TOKENS_PER_MINUTE"
"""How many tokens they may use in any minute; no limit if not set."""

ROUND_ENV = "PDFJOB_ROUND"
"""Which round of retries this is, 0 for the first: pages that failed in an earlier one are tried again."""
