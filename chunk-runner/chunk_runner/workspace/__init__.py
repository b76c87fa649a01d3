"""The workspace: the folder of a job on the volume, and the files in it."""
