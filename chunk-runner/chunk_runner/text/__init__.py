"""From lines on pages to sentences. Pure: no PDF library, no file."""
