"""Synthetic books: PDFs of made-up prose with exactly known sentences, to test how sentences are found."""
