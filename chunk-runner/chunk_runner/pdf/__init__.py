"""Everything that touches PDF bytes; start at `documents` (open, count, split), then `pages` (text, line by line).

Only these modules import PDF libraries, and all they do runs in the sandbox.
"""

import logging


# They complain to stderr of whatever they find; what matters of that is a reason, a warning or a failure of ours.
for _library in ("pikepdf", "pypdf"):
    logging.getLogger(_library).setLevel(logging.CRITICAL)
