"""Files that one library or another rejects, and that readers show: what prepare finds in them, and what it says."""

import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pikepdf
import pypdf
import pytest

from chunk_runner.contract.job_spec import JobSpec
from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import SourceError
from chunk_runner.pdf import reader
from chunk_runner.pdf.page import PageRef
from chunk_runner.source import identify
from chunk_runner.stages.prepare import prepare
from chunk_runner.workspace.file_names import chunk_file
from chunk_runner.workspace.files import Workspace
from sizes import cases
from tools.documents import pdfs
from tools.documents.hostile_pdfs.pdf_objects import ROOT, page_numbers, save, sound_book, tree_node


class Opened(NamedTuple):
    """The text of each page, and the warnings."""

    pages: list[str]
    warnings: tuple[str, ...]


def open_source(path: Path, password: str = "") -> Opened:
    """Prepare a file as a job of one chunk, and read the chunk."""
    workspace = Workspace(path.parent / "workspace", "attempt")
    manifest = prepare(JobSpec(path.name, pages_per_chunk=1000), identify(path), workspace, password=password).manifest
    assert not workspace.path("source.pdf").exists()
    refs = [PageRef(number, number) for number in range(1, manifest.pages + 1)]
    pages = [" ".join(page.lines) for page in reader.read(workspace.path(chunk_file(0)), refs)]
    return Opened(pages, manifest.warnings)


def refusal(path: Path, password: str = "") -> SourceError:
    with pytest.raises(SourceError) as error:
        open_source(path, password)
    return error.value


def write_encrypted(path: Path, stored: bytes, algorithm: str) -> Path:
    """A file whose password is these bytes."""
    pdfs.write_pages(path, [["This is a secret."]])
    writer = pypdf.PdfWriter(clone_from=path)
    # pypdf stores Latin-1 up to AES-128, and UTF-8 in AES-256.
    writer.encrypt(stored.decode("utf-8" if algorithm == "AES-256" else "latin-1"), "owner", algorithm=algorithm)
    writer.write(path)
    return path


STORED = [
    ("müller", "latin-1", "RC4-40"),
    ("müller", "utf-8", "RC4-128"),
    ("ørsted", "cp1252", "AES-128"),
    ("10 €", "cp1252", "RC4-128"),
    ("10 €", "pdfdoc_pikepdf", "AES-128"),
    ("пароль", "cp1251", "RC4-128"),
    ("пароль", "utf-8", "AES-256"),
    ("密码", "gbk", "AES-128"),
    ("mu\u0308ller", "latin-1", "RC4-128"),
    ("ﬁ\u00a0sch", "ascii", "AES-256"),
]
"""Passwords as they are typed, the encoding in which a writer stores them, and the algorithm."""


@pytest.mark.parametrize("case", cases(STORED, quick=[STORED[0], STORED[4], STORED[5], STORED[9]]))
def test_a_password_opens_in_whatever_encoding_the_writer_used(tmp_path: Path, case: tuple[str, str, str]) -> None:
    password, encoding, algorithm = case
    stored = unicodedata.normalize("NFKC" if encoding == "ascii" else "NFC", password).encode(encoding)
    path = write_encrypted(tmp_path / "a.pdf", stored, algorithm)

    assert open_source(path, password) == (["This is a secret."], ())
    assert refusal(path, "müler").reason is Reason.WRONG_PASSWORD
    assert refusal(path).reason is Reason.PASSWORD_REQUIRED


@pytest.mark.parametrize("password", ["", "swordfish", "mü€"])
def test_a_file_that_needs_no_password_opens_with_any(tmp_path: Path, password: str) -> None:
    """In these tests, a warning of a library is an error."""
    path = pdfs.write_pages(tmp_path / "a.pdf", [["This is no secret."]])

    assert open_source(path, password) == (["This is no secret."], ())


OWNERS = f"/O <{'11' * 32}> /U <{'22' * 32}> /P -4"

UNSUPPORTED = {
    "certificate": "/Filter /Adobe.PubSec /SubFilter /adbe.pkcs7.s5 /V 4 /Length 128 /StmF /D /StrF /D"
    " /CF << /D << /CFM /AESV2 /Length 16 /Recipients [(0000)] >> >>",
    "older certificate": "/Filter /Adobe.PubSec /SubFilter /adbe.pkcs7.s4 /V 2 /Length 128 /Recipients [(0000)]",
    "another program": f"/Filter /FOPN_fLock /V 1 /R 2 {OWNERS}",
    "book shop": "/Filter /EBX_HANDLER /V 3 /EBX_TITLE (A book)",
    "unpublished algorithm": f"/Filter /Standard /V 3 /R 3 /Length 128 {OWNERS}",
    "later algorithm": "/Filter /Standard /V 6 /R 7 /Length 256 /StmF /D /StrF /D /CF << /D << /CFM /AESV4 >> >> /P -4"
    f" /O <{'11' * 48}> /U <{'22' * 48}> /OE <{'33' * 32}> /UE <{'44' * 32}> /Perms <{'55' * 16}>",
    "unknown cipher": f"/Filter /Standard /V 4 /R 4 /StmF /D /StrF /D /CF << /D << /CFM /Foo >> >> {OWNERS}",
}


@pytest.mark.parametrize("name", UNSUPPORTED)
@pytest.mark.parametrize("password", cases(["", "swordfish"], quick=["swordfish"]))
def test_encryption_that_no_password_opens_has_a_reason_of_its_own(tmp_path: Path, name: str, password: str) -> None:
    path = save(tmp_path / "a.pdf", sound_book() | {99: f"<< {UNSUPPORTED[name]} >>".encode()})
    path.write_bytes(path.read_bytes().replace(b"/Root 1 0 R", b"/Root 1 0 R /Encrypt 99 0 R /ID [<00><00>]"))

    error = refusal(path, password)

    assert error.reason is Reason.ENCRYPTION_UNSUPPORTED
    assert "“a.pdf” is encrypted with a certificate or by a special program" in error.message
    assert "print it to a PDF" in error.message


def test_an_unknown_cipher_is_no_text_even_if_the_password_fits(tmp_path: Path) -> None:
    path = write_encrypted(tmp_path / "a.pdf", b"", "AES-128")
    path.write_bytes(path.read_bytes().replace(b"/CFM /AESV2", b"/CFM /AESVX"))

    assert refusal(path).reason is Reason.ENCRYPTION_UNSUPPORTED


A, B, C, D, E = page_numbers(5)
NODE, OTHER = 50, 51

CYCLES: Mapping[str, tuple[dict[int, bytes], list[int]]] = {
    "the root in the root": ({ROOT: tree_node([A, B, ROOT, C, D, E], 5)}, [1, 2, 3, 4, 5]),
    "counted as a page": ({ROOT: tree_node([A, B, ROOT, C, D, E], 6)}, [1, 2, 3, 4, 5]),
    "the root in a node": (
        {ROOT: tree_node([A, NODE, E], 5), NODE: tree_node([B, ROOT, C, D], 3, parent=ROOT)},
        [1, 2, 3, 4, 5],
    ),
    "a node in itself": (
        {ROOT: tree_node([NODE, D, E], 5), NODE: tree_node([NODE, A, B, C], 3, parent=ROOT)},
        [1, 2, 3, 4, 5],
    ),
    "two nodes in each other": (
        {ROOT: tree_node([A, NODE, E], 5), NODE: tree_node([B, OTHER], 3), OTHER: tree_node([C, NODE, D], 2)},
        [1, 2, 3, 4, 5],
    ),
    "no count": ({ROOT: tree_node([A, ROOT, B], 0).replace(b"/Count 0", b"")}, [1, 2]),
}


@pytest.mark.parametrize(("nodes", "shown"), CYCLES.values(), ids=CYCLES)
def test_a_page_tree_with_a_cycle_has_the_pages_that_readers_show(
    tmp_path: Path, nodes: dict[int, bytes], shown: list[int]
) -> None:
    path = save(tmp_path / "a.pdf", sound_book() | nodes)

    opened = open_source(path)

    assert opened.pages == [f"This is page {number} of the book." for number in shown]
    assert "The page tree contains a cycle, which was cut: check the pages." in opened.warnings


def test_pages_of_a_cut_tree_keep_what_they_inherit(tmp_path: Path) -> None:
    book = sound_book()
    root = tree_node([A, ROOT, B], 2).replace(b"/Kids", b"/Rotate 90 /MediaBox [0 0 400 900] /Kids")
    book |= {ROOT: root, A: book[A].replace(b"/MediaBox [0 0 595 842]", b"")}

    open_source(save(tmp_path / "a.pdf", book))

    with pikepdf.open(tmp_path / "workspace" / chunk_file(0)) as chunk:
        found = [([int(edge) for edge in page.obj.MediaBox], int(page.obj.Rotate)) for page in chunk.pages]
    assert found == [([0, 0, 400, 900], 90), ([0, 0, 595, 842], 90)]


def test_a_tree_without_an_end_is_left_to_a_library_that_counts_otherwise(tmp_path: Path) -> None:
    """Twenty nodes that all contain each other have more paths than can be followed."""
    nodes = range(50, 70)
    book = sound_book() | {node: tree_node([A, *nodes], 5) for node in nodes} | {ROOT: tree_node([*nodes, B], 5)}

    opened = open_source(save(tmp_path / "a.pdf", book))

    assert (len(opened.pages), opened.pages[0]) == (5, "This is page 1 of the book.")
    assert "its page tree has no end" in opened.warnings[0]


def with_form(
    path: Path,
    *,
    xfa: bool = True,
    needs_rendering: bool = False,
    fields: str | None = None,
    inherited_type: bool = False,
) -> Path:
    """A file with a form of fields of this type, if any, one on each page."""
    pdfs.write_pages(path, [["Please wait."], ["If this message is not replaced, ask Adobe."]])
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        form = pikepdf.Dictionary(Fields=pikepdf.Array())
        if xfa:
            form.XFA = pikepdf.Array([pikepdf.String("template"), pdf.make_stream(b"<template/>")])
        if needs_rendering:
            pdf.Root.NeedsRendering = True
        if fields is not None:
            for page in pdf.pages:
                form.Fields.append(_field(pdf, page, pikepdf.Name(fields), inherited_type=inherited_type))
        pdf.Root.AcroForm = pdf.make_indirect(form)
        pdf.save(path)
    return path


def _field(pdf: pikepdf.Pdf, page: pikepdf.Page, kind: pikepdf.Name, *, inherited_type: bool) -> pikepdf.Object:
    """Draw a field on a page, and return the field above it."""
    widget = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, Rect=[10, 10, 50, 20], T="a")
    above = pdf.make_indirect(pikepdf.Dictionary(T="form"))
    (above if inherited_type else widget).FT = kind
    widget.Parent = above
    page.obj.Annots = pdf.make_indirect(pikepdf.Array([pdf.make_indirect(widget)]))
    return above


@pytest.mark.parametrize(
    "form",
    [{}, {"needs_rendering": True}, {"needs_rendering": True, "fields": "/Tx"}, {"fields": "/Sig"}],
    ids=["no fields", "a shell", "a shell with fields", "a signature only"],
)
def test_an_xfa_form_is_said_not_to_be_on_its_pages(tmp_path: Path, form: dict[str, Any]) -> None:
    opened = open_source(with_form(tmp_path / "a.pdf", **form))

    assert opened.pages[0] == "Please wait."
    (warning,) = opened.warnings
    assert warning.startswith("The file is an XFA form: its pages are a placeholder")
    assert "Print it to a PDF in Acrobat" in warning


@pytest.mark.parametrize(
    "form",
    [{"fields": "/Tx"}, {"fields": "/Btn"}, {"fields": "/Ch", "inherited_type": True}, {"xfa": False, "fields": "/Tx"}],
    ids=["text", "a button", "a choice whose type is inherited", "no XFA"],
)
def test_a_form_that_is_filled_in_on_its_pages_is_no_placeholder(tmp_path: Path, form: dict[str, Any]) -> None:
    assert open_source(with_form(tmp_path / "a.pdf", **form)).warnings == ()


@pytest.mark.parametrize(("collection", "files"), [(True, 1), (True, 3)])
def test_a_portfolio_is_said_to_hold_more_files(tmp_path: Path, *, collection: bool, files: int) -> None:
    path = write_attachments(tmp_path / "a.pdf", collection=collection, files=files)

    opened = open_source(path)

    assert opened.pages == ["This is the cover."]
    (warning,) = opened.warnings
    assert warning.startswith(f"The file is a portfolio: its cover is processed, but not the files in it ({files}).")
    assert "process each" in warning


@pytest.mark.parametrize(("collection", "files"), [(False, 0), (False, 2), (True, 0)])
def test_a_file_that_is_no_portfolio_is_not_said_to_be_one(tmp_path: Path, *, collection: bool, files: int) -> None:
    path = write_attachments(tmp_path / "a.pdf", collection=collection, files=files)

    assert open_source(path) == (["This is the cover."], ())


def write_attachments(path: Path, *, collection: bool, files: int) -> Path:
    pdfs.write_pages(path, [["This is the cover."]])
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        for number in range(files):
            pdf.attachments[f"{number}.pdf"] = pikepdf.AttachedFileSpec(pdf, b"%PDF-1.7")
        if collection:
            pdf.Root.Collection = pikepdf.Dictionary(Type=pikepdf.Name.Collection)
        pdf.save(path)
    return path


def mail(data: bytes) -> bytes:
    return b"".join(b"X-Header-%d: some words of a mail\r\n" % number for number in range(200)) + b"\r\n" + data


def counted(data: bytes) -> bytes:
    """A writer that counts what it wrote before the header: its offsets are those in the whole file."""
    start = int(data.rpartition(b"startxref")[2].split()[0])
    junk = b"#" * 5000
    return junk + data.replace(b"startxref\n%d" % start, b"startxref\n%d" % (start + len(junk)))


@pytest.mark.parametrize(
    ("damage", "skipped"),
    [
        (lambda data: b"\n" * 1000 + data, False),
        (lambda data: b"\0" * 1500 + data, True),
        (mail, True),
        (counted, True),
        (lambda data: bytes(range(256)) * 8192 + data, True),
        (lambda data: data.replace(b"%PDF-1.3", b"%!PS-PDF"), False),
        (lambda data: data.partition(b"\n")[2], False),
    ],
    ids=["line ends", "zeros", "mail", "counted", "two megabytes", "another header", "no header"],
)
def test_what_stands_before_the_header_is_skipped(
    tmp_path: Path, damage: Callable[[bytes], bytes], *, skipped: bool
) -> None:
    path = pdfs.write_pages(tmp_path / "a.pdf", [["This is the first page."], ["This is the second."]])
    path.write_bytes(damage(path.read_bytes()))

    opened = open_source(path)

    assert opened.pages == ["This is the first page.", "This is the second."]
    assert any("bytes before its PDF header, which were skipped." in warning for warning in opened.warnings) == skipped
