"""Everything that touches PDF bytes. The only package that imports PDF libraries, all of which run in the sandbox.

- `document`: opening and counting a source.
- `splitter`: copying pages into PDFs of their own; `page_extraction`: copying a few into memory.
- `reader`: the text of pages, line by line.
- `page`: a page as it was read.
- `backends`: the libraries that open files and copy pages.
- `flattening`: annotations and layers, made content of the pages; `annotation_text`: how readers tell their text apart.
- `text_layer`: the libraries that read the text of a page.
- `glyphs`: from single glyphs to characters, words and columns.
"""

import logging


# These libraries log every anomaly. The relevant ones become reasons, warnings and failures instead.
for _library in ("pikepdf", "pypdf"):
    logging.getLogger(_library).setLevel(logging.CRITICAL)
