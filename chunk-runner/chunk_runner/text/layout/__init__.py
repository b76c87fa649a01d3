"""From a page's segments to the lines of its text. Pure.

- `learning`: what is learnt once, from a fixed sample of the document.
- `arrangement`: the lines of one page, in reading order; it calls all others.
- `bands`, `running_headers`, `line_numbers`, `beside`, `captions`: what does not belong to the running text.
- `columns`, `tables`, `lists`, `paragraphs`: where something new starts in it.
"""
