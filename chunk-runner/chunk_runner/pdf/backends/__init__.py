"""One module per PDF library, each of which can open a file, count its pages and copy some of them.

- `base`: the interface, and the errors that every backend raises.
- `qpdf`: through pikepdf. Repairs damaged files, and can prune resources that pages share.
- `pdfium`: through pypdfium2. Copies pages that qpdf rejects.
- `pypdf`: pure Python. Fails in other places than the native libraries.
- `passwords`: the byte strings that a password may stand for.
- `page_tree`, `shells`: for qpdf, trees that contain themselves, and content that is not on the pages.
"""
