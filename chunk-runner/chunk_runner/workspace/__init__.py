"""The workspace: the folder of a job, and every file in it."""
