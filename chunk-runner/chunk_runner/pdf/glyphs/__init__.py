"""Glyphs as a library reports them, made characters, words and columns that readers would see. Knows no PDF library.

- `characters`, `symbol_fonts`: the Unicode characters that private-use characters and symbols stand for.
- `accents`: accents that are drawn apart from their letters.
- `word_gaps`: spaces between words that a library glued together.
- `columns`: columns that are drawn row by row.
"""
