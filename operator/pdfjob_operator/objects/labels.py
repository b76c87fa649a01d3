"""The API group, and the labels and annotations of the Jobs and pods that the operator creates."""

GROUP = "pdfjob.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
KIND = "PdfJob"
PLURAL = "pdfjobs"

LABEL_UID = f"{GROUP}/uid"
"""On every Job and pod of a PdfJob: its uid."""

LABEL_STAGE = f"{GROUP}/stage"
"""On every Job and pod: the `Stage`, or `SWEEP`."""

SWEEP = "sweep"
"""The value of `LABEL_STAGE` on the Jobs and pods of the garbage collection, which belong to no PdfJob."""

LABEL_ROUND = f"{GROUP}/round"
"""On every Job and pod of a PdfJob: the value of `spec.retryFailed` for which it was created; 0 for the first round."""

LABEL_DOUBLINGS = f"{GROUP}/memory-doublings"
"""On every Job and pod of a PdfJob: how many times its memory limit has been doubled."""

LABEL_PROCESSOR = f"{GROUP}/processor"
"""On every Job and pod of a PdfJob: the processor's name, for network policies."""

LABEL_QUEUE = "kueue.x-k8s.io/queue-name"
"""On a PdfJob and its Jobs: the Kueue queue in which the Jobs wait (https://kueue.sigs.k8s.io/docs/tasks/run/jobs/)."""

LABEL_PRIORITY = "kueue.x-k8s.io/priority-class"
"""On a PdfJob and its Jobs: the WorkloadPriorityClass by which Kueue orders the Jobs."""

LABEL_NO_BACKUP = "velero.io/exclude-from-backup"
"""On every Job and pod: Velero leaves it out of backups. A restored one would repeat its work, and belong to nobody."""

LABEL_RESTORED = "velero.io/restore-name"
"""On a PdfJob that Velero has restored (https://velero.io/docs/main/restore-reference/)."""

CLAIM_LABELS = f"claim.{GROUP}/"
"""Prefix of a label on every pod that has to share its node with others, because it mounts a claim that is not
ReadWriteMany: `claim.pdfjob.dev/<claim>`, or a hash if the claim's name is too long for a label."""

ANNOTATION_JOB = f"{GROUP}/job"
"""On every Job and pod of a PdfJob: its name, which may be too long for a label. Events are attributed to a PdfJob by
it; ownership is proved by owner references only."""

ANNOTATION_OPERATOR = f"{GROUP}/operator"
"""On every Job of a PdfJob: the identity of the operator that created it; see `Settings.identity`."""

ANNOTATION_PAGES = f"{GROUP}/pages"
"""On the chunks Job: the number of pages of the source, so that the prepare pod may be deleted."""

ANNOTATION_WORKERS = f"{GROUP}/workers"
"""On a chunks Job with pods that wait for their turn: the number of chunks that are processed at the same time."""

ANNOTATION_TOTAL = f"{GROUP}/chunks-total"
"""On the chunks Job: the number of chunks of the whole PdfJob, of which this Job may run only some."""

ANNOTATION_CHUNKS = f"{GROUP}/chunks"
"""On the chunks Job: its chunks as ranges, unless it runs all of them."""

ANNOTATION_MERGE_INPUT = f"{GROUP}/merge-input"
"""On the merge Job: what the stages before it handed over, so that their Jobs may be deleted."""

ANNOTATION_SUSPENDED = f"{GROUP}/suspended-in"
"""On a Job that the operator has suspended: the phase of its PdfJob at that moment. It is written together with
`spec.suspend`, so that the operator never takes its own suspension for somebody else's."""
