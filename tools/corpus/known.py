"""Facts about single files of the corpus: passwords, and justified differences between PdfJob and poppler.

Knows names and reasons, and nothing else. Each reason is a remark for readers of docs/corpus.md.
"""

PASSWORDS = {
    "pdfminer/samples/encryption/aes-128-m.pdf": "foo",
    "pdfminer/samples/encryption/aes-128.pdf": "foo",
    "pdfminer/samples/encryption/aes-256-m.pdf": "foo",
    "pdfminer/samples/encryption/aes-256.pdf": "foo",
    "pdfminer/samples/encryption/rc4-128.pdf": "foo",
    "pdfminer/samples/encryption/rc4-40.pdf": "foo",
    "pdftotext/tests/both_passwords.pdf": "user_password",
    "pdftotext/tests/user_password.pdf": "user_password",
    "pikepdf/tests/resources/graph-encrypted.pdf": "user",
    "pypdf/resources/crazyones-encrypted-256.pdf": "password",
    "pypdf/resources/encrypted-file.pdf": "test",
    "pypdf/resources/encryption/r2-user-password.pdf": "asdfzxcv",
    "pypdf/resources/encryption/r3-user-password.pdf": "asdfzxcv",
    "pypdf/resources/encryption/r4-aes-user-password.pdf": "asdfzxcv",
    "pypdf/resources/encryption/r4-user-password.pdf": "asdfzxcv",
    "pypdf/resources/encryption/r6-both-passwords.pdf": "foo",
    "pypdf/resources/encryption/r6-cleartext-metadata.pdf": "foo",
    "pypdf/resources/libreoffice-writer-password.pdf": "openpassword",
    "pypdfium2/tests/resources/encrypted.pdf": "test_user",
}
"""Passwords of encrypted files, from the tests of their distributions."""

REFUSED: dict[str, str] = {}
"""Files that poppler opens and PdfJob rejects, with the reason."""

_BESIDE = "words outside the visible page, which poppler omits"
_FORM = "PdfJob does not extract form values and the options of form lists"
_SPACED = "letters are positioned one by one, so word boundaries are a guess"
_VERTICAL = "vertical Japanese, which PDFium reads only in part"

OTHER_TEXT = {
    "pdfannots/tests/FreeText-annotation.pdf": "PdfJob does not extract annotations",
    "pdfannots/tests/issue9.pdf": _SPACED,
    "pdfminer/samples/jo.pdf": _VERTICAL,
    "pdfminer/samples/nonfree/kampo.pdf": _VERTICAL,
    "pdfminer/samples/simple1.pdf": _SPACED,
    "pdfminer/samples/simple3.pdf": _VERTICAL,
    "pdftotext/tests/landscape_0.pdf": _SPACED,
    "pdftotext/tests/landscape_90.pdf": _SPACED,
    "pdftotext/tests/portrait.pdf": _SPACED,
    "pdftotext/tests/three_columns.pdf": "the font declares the same wrong width for every letter",
    "pypdf/resources/FormTestFromOo.pdf": _FORM,
    "pypdf/resources/form_acrobatReader.pdf": _FORM,
    "pypdf/resources/form_evince.pdf": _FORM,
    "pypdf/resources/imagemagick-images.pdf": _BESIDE,
    "pypdf/resources/indirect-rotation.pdf": "a scan with text from old OCR, letter by letter",
    "pypdf/resources/superscript-pdftex.pdf": "poppler reads x² as one word, PdfJob as two",
    "pypdf/resources/toy.pdf": _SPACED,
    "pypdfium2/tests/resources/forms.pdf": _FORM,
    "tabula-py/tests/resources/data_dtype.pdf": _BESIDE,
}
"""Files whose words differ much from poppler's, with the reason."""
