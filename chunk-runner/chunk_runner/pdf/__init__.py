"""Everything that touches PDF bytes; start at `documents` (open, count, split), then `pages` (text, line by line).

Only these modules import PDF libraries, and all they do runs in the sandbox.
"""
