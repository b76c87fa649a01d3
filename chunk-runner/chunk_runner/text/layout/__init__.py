"""The layout of pages: turns the segments of a page into the lines of its text. Pure.

- `learning`: the layout of a document, learnt once from a fixed sample of its pages.
- `arrangement`: the lines of one page, in reading order; it calls all others.
- `running_lines`, `beside`, `watermarks`, `captions`: text that is not running text.
- `columns`, `tables`, `lists`, `paragraphs`: where columns, rows, items and paragraphs start.
- `line`: segments, rows and lines.
"""
