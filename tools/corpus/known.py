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

_BUTTON = "a button is captioned like the text beside it, and poppler shows one of both"
_COMMENT = "PdfJob shows comments, poppler does not"
_SPACED = "letters are positioned one by one, so word boundaries are a guess"
_VERTICAL = "vertical Japanese, which PDFium reads only in part"

OTHER_TEXT = {
    "pdfannots/tests/caret.pdf": _COMMENT,
    "pdfannots/tests/issue9.pdf": _SPACED,
    "pdfannots/tests/pr24.pdf": _COMMENT,
    "pdfminer/samples/jo.pdf": _VERTICAL,
    "pdfminer/samples/nonfree/i1040nr.pdf": "text outside the crop box, which poppler shows",
    "pdfminer/samples/nonfree/kampo.pdf": _VERTICAL,
    "pdfminer/samples/simple1.pdf": _SPACED,
    "pdfminer/samples/simple3.pdf": _VERTICAL,
    "pdftotext/tests/landscape_90.pdf": _SPACED,
    "pypdf/resources/indirect-rotation.pdf": "a scan with text from old OCR, letter by letter",
    "pypdf/resources/pdflatex-forms.pdf": _BUTTON,
    "pypdf/resources/toy.pdf": _SPACED,
    "pypdfium2/tests/resources/forms.pdf": "poppler shows all options of form lists",
}
"""Files whose words differ much from poppler's, with the reason."""

_CALLOUT = "poppler shows the letter of a symbol font, such as y for a check box or a number in a circle"
_LIGATURE = "the font does not name its ligatures and accents"
_UNMAPPED = "the font does not name its characters; PdfJob counts them as unmapped"

_CHOICE = "auto-multiple-choice-doc-pdf/share/doc/auto-multiple-choice"

LOST = {
    f"{_CHOICE}/auto-multiple-choice.en.pdf": (_CALLOUT, 81),
    f"{_CHOICE}/auto-multiple-choice.fr.pdf": (_CALLOUT, 90),
    f"{_CHOICE}/auto-multiple-choice.ja.pdf": (_CALLOUT, 25),
    f"{_CHOICE}/latex/automultiplechoice.pdf": (_CALLOUT, 34),
    f"{_CHOICE}/latex/sample-amc.pdf": (_CALLOUT, 120),
    f"{_CHOICE}/latex/sample-separate.pdf": (_CALLOUT, 240),
    "dblatex-doc/share/doc/dblatex/manual.pdf": (_CALLOUT, 25),
    "feynmf/share/doc/feynmf/feynmf.pdf": (_LIGATURE, 7),
    "pdf-parse/test/data/04-valid.pdf": (_UNMAPPED, 20),
}
"""Files of packages with lost words that their texts do not explain: the reason, and how many words at most."""
