"""The text layer of a page, as lines of segments, with two libraries. Runs in the sandbox.

- `pdfium_page`: a page; `pdfium_lines`: its lines, from `pdfium_characters`, `pdfium_fonts` and `pdfium_text`.
- `pdfium_missing_fonts`: text in fonts that a file does not embed, alike on every machine.
- `pypdf_page`: pure Python, for pages at which PDFium fails.
"""
