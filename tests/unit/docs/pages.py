"""The pages of the documentation as tests read them."""

from pathlib import Path

from tools import markdown


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
    """Return the text below a heading of a page.

    Raises:
        ValueError: The page has no such heading.
    """
    return markdown.section((ROOT / page).read_text(), heading)
