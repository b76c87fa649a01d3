"""The stages of a job, one module each: prepare, process (a chunk), merge; and sweep, which belongs to no job."""
