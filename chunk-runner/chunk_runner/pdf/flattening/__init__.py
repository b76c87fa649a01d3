"""Flattening: annotations that a viewer shows become content of the page, and content that it hides is removed.

The text processor and a model then see the page as a person does, though chunk PDFs carry no forms, actions,
attachments or layers. Works on a file that pikepdf has open, in the sandbox.

- `flattener`: one page at a time; it calls all others.
- `annotations`, `fields`: the parts of an annotation or form field that a viewer shows.
- `overlay`, `fonts`, `typesetting`, `geometry`: drawing it.
- `layers`, `hidden_content`: optional content that is off.
- `streams`: how far the content of a stream may be examined.
"""
