"""Answers of the model: their JSON (`decoding`), shape (`validation`, `sentences`) and truth (`plausibility`)."""
