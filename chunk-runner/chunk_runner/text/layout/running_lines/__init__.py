"""Running lines: headers, footers, page numbers and line numbers. Pure.

- `bands`: the heights at which headers and footers stand on page after page, learnt from the sample.
- `running_headers`: the headers and footers of one page.
- `outer_rows`: the rows at the ends of a page, which may be headers and footers.
- `line_numbers`: the numbers of lines.
"""
