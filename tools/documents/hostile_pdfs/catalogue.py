"""Every hostile PDF, by name."""

import gzip
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tools.documents.hostile_pdfs import annotations, bombs, fonts, page_trees, structures, whole_files
from tools.documents.hostile_pdfs.pdf_objects import noise


PAGE_ATTACKS: dict[str, Callable[[Path], Path]] = {
    "flate-bomb": bombs.flate_bomb,
    "flate-twice-bomb": bombs.flate_twice_bomb,
    "lzw-bomb": bombs.lzw_bomb,
    "run-length-bomb": bombs.run_length_bomb,
    "ascii-hex-bomb": bombs.ascii_hex_bomb,
    "ascii85-bomb": bombs.ascii85_bomb,
    "text-bomb": bombs.text_bomb,
    "string-bomb": bombs.string_bomb,
    "form-bomb": bombs.form_bomb,
    "form-loop": structures.form_loop,
    "object-stream-bomb": bombs.object_stream_bomb,
    "page-tree-cycle": page_trees.page_tree_cycle,
    "deep-page-tree": page_trees.deep_page_tree,
    "parent-loop": page_trees.parent_loop,
    "page-null": partial(page_trees.bad_page_object, content=b"null"),
    "page-missing": partial(page_trees.bad_page_object, content=None),
    "page-number": partial(page_trees.bad_page_object, content=b"42"),
    "page-array": partial(page_trees.bad_page_object, content=b"[/Type /Page]"),
    "media-box-empty": partial(page_trees.bad_media_box, box=b"[0 0 0 0]"),
    "media-box-words": partial(page_trees.bad_media_box, box=b"[(a) /b null [1]]"),
    "media-box-huge": partial(page_trees.bad_media_box, box=b"[-2147483648 -2147483648 2147483647 2147483647]"),
    "media-box-overflow": partial(page_trees.bad_media_box, box=b"[0 0 %b %b]" % (b"9" * 38, b"9" * 38)),
    "nested-arrays-drawn": partial(structures.nested_content, opens=b"["),
    "nested-dictionaries-drawn": partial(structures.nested_content, opens=b"<</a "),
    "nested-states-drawn": partial(structures.nested_content, opens=b"q ", depth=1_000_000),
    "nested-texts-drawn": partial(structures.nested_content, opens=b"("),
    "nested-arrays": partial(structures.nested_object, opens=b"[", closes=b"]"),
    "nested-dictionaries": partial(structures.nested_object, opens=b"<</a ", closes=b">>"),
    "garbage-content": structures.garbage_content,
    "length-of-itself": structures.length_of_itself,
    "length-inside": structures.length_inside,
    "extends-loop": structures.extends_loop,
    "object-stream-in-itself": structures.object_stream_in_itself,
    "cmap-loop": fonts.cmap_loop,
    "cmap-range": fonts.cmap_range,
    "width-range": fonts.width_range,
    "type3-loop": fonts.type3_loop,
    "appearance-loop": annotations.appearance_loop,
    "appearance-bomb": annotations.appearance_bomb,
    "many-annotations": annotations.many_annotations,
    "annotations-in-themselves": annotations.annotations_in_themselves,
    "field-loop": annotations.field_loop,
    "value-bomb": annotations.value_bomb,
    "absurd-rectangles": annotations.absurd_rectangles,
    "layer-bomb": annotations.layer_bomb,
    "expression-loop": annotations.expression_loop,
}
"""What is bad is on page 3 of five."""

FILE_ATTACKS: dict[str, Callable[[Path], Path]] = {
    "xref-stream-bomb": bombs.xref_stream_bomb,
    "xref-of-free-objects": bombs.xref_of_free_objects,
    "prev-loop": structures.prev_loop,
    "prev-stream-loop": structures.prev_stream_loop,
    "declared-table": structures.declared_table,
    "declared-stream": structures.declared_stream,
    "count-huge": partial(page_trees.lying_count, count=5_000_000, pages=1),
    "count-negative": partial(page_trees.lying_count, count=-5),
    "count-small": partial(page_trees.lying_count, count=2),
    "many-pages-flat": page_trees.many_pages,
    "many-pages-tree": partial(page_trees.many_pages, fan=32),
    "truncated-50": partial(whole_files.truncated, share=0.5),
    "truncated-70": partial(whole_files.truncated, share=0.7),
    "zero-length": partial(whole_files.raw, data=b""),
    "header-only": partial(whole_files.raw, data=b"%PDF-1.7\n"),
    "header-and-garbage": partial(whole_files.raw, data=b"%PDF-1.7\n" + noise(100_000)),
    "header-and-gzip": partial(whole_files.raw, data=b"%PDF-1.7\n" + gzip.compress(bytes(100_000), mtime=0)),
    "encrypted": partial(whole_files.encrypted, user=whole_files.USER_PASSWORD),
    "encrypted-rc4": partial(whole_files.encrypted, user=whole_files.USER_PASSWORD, revision=2),
    "encrypted-for-owner": whole_files.encrypted,
    "encrypted-rc4-for-owner": partial(whole_files.encrypted, revision=2),
}
"""The whole file is bad, or asks too much, or is locked."""

ATTACKS = PAGE_ATTACKS | FILE_ATTACKS
"""Every one bad thing, by name."""
