from chunk_runner.text.layout.running_lines.bands import mask_numbers


def test_roman_numbers_are_masked_like_others() -> None:
    assert mask_numbers("Preface xiv") == mask_numbers("Preface 12") == "preface #"
