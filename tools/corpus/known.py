"""What is known of single files of the corpus: passwords, and where we and poppler rightly differ.

Knows names and reasons, and nothing else. Each reason is a sentence for a reader of docs/corpus.md.
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
"""From the tests of the distributions."""

REFUSED: dict[str, str] = {}
"""What poppler opens and we do not, and why."""

_BESIDE = "words beside the page, which nobody sees: poppler leaves them out"
_FORM = "what is filled into a form, or offered in its lists, is no text of the page for us"
_SPACED = "single letters set apart: where a word ends is a guess"
_VERTICAL = "vertical Japanese, which PDFium reads in part only"

OTHER_TEXT = {
    "pdfannots/tests/FreeText-annotation.pdf": "an annotation is no text of the page for us",
    "pdfannots/tests/issue9.pdf": _SPACED,
    "pdfminer/samples/jo.pdf": _VERTICAL,
    "pdfminer/samples/nonfree/kampo.pdf": _VERTICAL,
    "pdfminer/samples/simple1.pdf": _SPACED,
    "pdfminer/samples/simple3.pdf": _VERTICAL,
    "pdftotext/tests/landscape_0.pdf": _SPACED,
    "pdftotext/tests/landscape_90.pdf": _SPACED,
    "pdftotext/tests/portrait.pdf": _SPACED,
    "pdftotext/tests/three_columns.pdf": "a font that gives every letter the same wrong width",
    "pypdf/resources/FormTestFromOo.pdf": _FORM,
    "pypdf/resources/form_acrobatReader.pdf": _FORM,
    "pypdf/resources/form_evince.pdf": _FORM,
    "pypdf/resources/imagemagick-images.pdf": _BESIDE,
    "pypdf/resources/indirect-rotation.pdf": "a scan with the text of an old OCR, letter by letter",
    "pypdf/resources/superscript-pdftex.pdf": "x² is one word for poppler and two for us",
    "pypdf/resources/toy.pdf": _SPACED,
    "pypdfium2/tests/resources/forms.pdf": _FORM,
    "tabula-py/tests/resources/data_dtype.pdf": _BESIDE,
}
"""Where our words are far from poppler's, and why."""
