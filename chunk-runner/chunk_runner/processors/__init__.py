"""Processors turn the pages of a chunk into a result. None of them touches the workspace."""
