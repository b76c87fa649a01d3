"""Hostile and damaged PDFs for tests, written byte by byte: a library would repair the attack away."""
