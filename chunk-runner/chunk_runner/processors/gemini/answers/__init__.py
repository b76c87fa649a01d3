"""Answers: their JSON (`decoding`), shape (`validation`, `sentences`, `schema_check`) and truth (`plausibility`)."""
