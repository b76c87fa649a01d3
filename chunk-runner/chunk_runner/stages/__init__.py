"""The stages of a job: prepare, process (one chunk) and merge; and sweep, which belongs to no job."""
