"""The sentences of a text, which cross lines, pages and chunks. Pure.

- `joiner`: joins the lines of a chunk and cuts them into sentences.
- `seams`: joins the chunks of a document.
- `segmenter`, `boundaries`: where sentences begin in running text.
- `dehyphenation`, `addresses`: how two lines are joined.
"""
