"""Markdown as programs read it: sections, and the tables in them."""

import re


def section(text: str, heading: str) -> str:
    """Return the text below a heading of the second level, up to the next one.

    Raises:
        ValueError: There is no such heading.
    """
    for part in text.split("\n## ")[1:]:
        title, _, below = part.partition("\n")
        if title == heading:
            return below
    raise ValueError(f"no section “{heading}”")


def rows(text: str) -> list[list[str]]:
    """Return the cells of every row of every table, heads left out."""
    tables = re.findall(r"(?:^\|.*\n)+", text + "\n", re.MULTILINE)
    return [[cell.strip() for cell in row.strip("|").split("|")] for it in tables for row in it.splitlines()[2:]]


def terms(text: str) -> list[str]:
    """Return what stands in backticks."""
    return re.findall(r"`([^`]+)`", text)
