"""The text of pages: turns segments into lines, and lines into sentences. Pure: no PDF library, no file.

- `document_profile`: everything that is decided once for the whole document.
- `layout`: segments to lines.
- `sentences`: lines to sentences.
- `entries`: what an output consists of.
- `language`, `caption_labels`, `list_markers`: facts about words that `layout` and `sentences` use.
"""
