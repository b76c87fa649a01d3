"""The text of pages: turns lines into sentences. Pure: no PDF library, no file."""
