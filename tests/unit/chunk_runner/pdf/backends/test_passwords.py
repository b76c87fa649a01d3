import pytest

from chunk_runner.pdf.backends.passwords import candidates


def test_the_empty_password_is_tried_first_and_a_plain_one_once() -> None:
    assert list(candidates("")) == [b""]
    assert list(candidates("swordfish")) == [b"", b"swordfish"]


@pytest.mark.parametrize(
    ("password", "stored"),
    [
        ("müller", "müller".encode()),
        ("müller", b"m\xfcller"),
        ("mu\u0308ller", b"m\xfcller"),  # typed as u and two dots
        ("müller", b"m\x81ller"),  # DOS
        ("müller", b"m\x9fller"),  # the old Mac OS
        ("10 €", b"10 \xa0"),  # PDFDocEncoding
        ("10 €", b"10 \x80"),  # Windows
        ("пароль", "пароль".encode("cp1251")),
        ("пароль", "пароль".encode("koi8_r")),
        ("κωδικός", "κωδικός".encode("cp1253")),
        ("密码", "密码".encode("gbk")),
        ("a\u00a0b\u00adc\ufb01", b"a bcfi"),  # SASLprep
    ],
)
def test_a_password_stands_for_the_bytes_that_any_writer_may_store(password: str, stored: bytes) -> None:
    found = list(candidates(password))

    assert stored in found
    assert len(found) == len(set(found))


def test_utf_8_comes_before_the_code_pages() -> None:
    assert list(candidates("é"))[:3] == [b"", "é".encode(), b"\xe9"]
