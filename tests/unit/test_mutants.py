"""Every mutant in docs/reliability.md has a replacement that fits the code, and tests that exist."""

import pytest

from tools.mutants.table import ROOT, Mutant, MutantError, load


MUTANTS = load()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_changes_the_code(mutant: Mutant) -> None:
    text = (ROOT / mutant.file).read_text()

    assert mutant.applied(text) != text


def test_a_replacement_that_fits_no_more_is_an_error() -> None:
    with pytest.raises(MutantError, match=r"0 times: update mutants\.toml"):
        MUTANTS[0].applied("other code")
