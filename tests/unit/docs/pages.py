"""The pages of the documentation as tests read them: sections, and the tables in them. Knows Markdown only."""

import re
from pathlib import Path


ROOT = Path(__file__).parents[3]
PAGES = [
    page
    for pattern in ("*.md", "docs/**/*.md", "*/README.md", "*/*/README.md")
    for page in ROOT.glob(pattern)
    if not any(part.startswith(".") for part in page.relative_to(ROOT).parts)  # caches and environments have their own
]


def name(page: Path) -> str:
    """Return a page's path, relative to the repository."""
    return page.relative_to(ROOT).as_posix()


def section(page: str, heading: str) -> str:
    """Return the text below a heading of the second level, up to the next one.

    Raises:
        ValueError: The page has no such heading.
    """
    for part in (ROOT / page).read_text().split("\n## ")[1:]:
        title, _, text = part.partition("\n")
        if title == heading:
            return text
    raise ValueError(f"{page} has no section “{heading}”")


def rows(text: str) -> list[list[str]]:
    """Return the cells of every row of every table, heads left out."""
    tables = re.findall(r"(?:^\|.*\n)+", text + "\n", re.MULTILINE)
    return [[cell.strip() for cell in row.strip("|").split("|")] for it in tables for row in it.splitlines()[2:]]


def terms(text: str) -> list[str]:
    """Return what stands in backticks."""
    return re.findall(r"`([^`]+)`", text)
