"""Languages and scripts of texts. Pure.

- `languages`: which language a text is in, and the facts about each (`languages.toml`).
- `scripts`: which scripts put no space between words.
- `legibility`: whether a text is in any language.
"""
