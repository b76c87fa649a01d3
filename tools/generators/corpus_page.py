"""Generate docs/corpus.md: `python -m tools.generators.corpus_page [output]`.

Knows arguments and exit codes: 0 success, 1 failure, 2 wrong arguments.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tools.builds.shell import SetupError, say
from tools.corpus import lost_table, packages, table
from tools.corpus.survey import survey
from tools.prerequisites import catalogue


PAGE = Path(__file__).parents[2] / "docs" / "corpus.md"


def main(argv: list[str] | None = None) -> int:
    """Process the corpus, write the page, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="tools.generators.corpus_page", description="Process real PDFs and write a page with the results."
    )
    parser.add_argument(
        "output", type=Path, nargs="?", default=PAGE, help="the page to write; defaults to docs/corpus.md"
    )
    output: Path = parser.parse_args(argv).output
    try:
        catalogue.install("poppler", "corpus", "packages")
    except SetupError as error:
        say(f"corpus: {error}")
        return 1
    with tempfile.TemporaryDirectory(prefix="corpus-") as folder:
        comparisons = packages.compare(Path(folder, "packages"))
        findings = survey(Path(folder, "libraries"))
    output.write_text(f"{table.markdown(findings)}\n{lost_table.markdown(comparisons)}", encoding="utf-8")
    say("\n".join([*table.summary(findings), *lost_table.summary(comparisons)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
