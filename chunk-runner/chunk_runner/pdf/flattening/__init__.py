"""Flattening: what a viewer shows of a page besides its content becomes content, and what it hides is removed.

So the text processor and a model see the page as a person does, though chunk PDFs carry no forms, actions, attachments
or layers. Works on a file that pikepdf has open, in the sandbox.

- `flattener`: one page at a time; it calls all others.
- `annotations`, `fields`: what a viewer shows of an annotation or form field.
- `overlay`, `fonts`, `typesetting`, `geometry`: drawing it.
- `layers`, `hidden_content`: optional content that is off.
- `streams`: how far the content of a stream may be examined.
"""
