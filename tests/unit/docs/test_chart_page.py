"""The tests that docs/chart.md names exist."""

import re
from pathlib import Path


TESTS = Path(__file__).parents[2]
PAGE = TESTS.parent / "docs" / "chart.md"


def test_every_guarantee_names_an_existing_test() -> None:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ") and "| --- |" not in line][1:]
    missing = []
    for line in lines:
        held_by = line.rpartition(" | ")[2]
        files = re.findall(r"`(?:tests/)?((?:\w+/)*test_\w+)(?:\.py)?(?:: (\w+))?`|`(\w+)`", held_by)
        module = ""
        for file, test, further in files:
            module = file or module
            path = TESTS / (f"{module}.py" if "/" in module else f"chart/{module}.py")
            name = test or further
            if not path.is_file() or (name and f"def test_{name}(" not in path.read_text()):
                missing.append(f"{path.name}: {name}")
        if not files:
            missing.append(line)

    assert len(lines) > 20
    assert missing == []
