"""The archives that the corpus consists of, and the PDFs in them.

Knows their names. Must not know how they are downloaded, nor how they are used. This repository contains none of the
files, because each has its own licence.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tools.builds import packages
from tools.builds.shell import say
from tools.corpus.archives import Archive, Registry, fetch
from tools.turn import part


THIRDS = 3
"""Each commit compares one of so many parts of the files."""

LIBRARIES = (
    Archive(Registry.PYPI, "biopython", "1.81", "2cf38112b6d8415ad39d6a611988cd11fb5f33eb09346666a87263beba9614e0"),
    Archive(Registry.PYPI, "img2pdf", "0.6.3", "219518020f5bd242bdc46493941ea3f756f664c2e86f2454721e74353f58cd95"),
    Archive(Registry.PYPI, "ocrmypdf", "17.13.0", "151c35d810eb628fbc5cb9bbe80b834ecf094737efa0e7a2e9e1fac3c730ed49"),
    Archive(Registry.PYPI, "pdfannots", "0.5", "75da28053efa64980763b7b4891f14887d3d316f8273fcf4d02b593bbf57089c"),
    Archive(Registry.PYPI, "pdfly", "0.5.1", "636e9736ca3296ed69ad7e14d997813ea5a662ba7a86c77d155e343494dcc3d7"),
    Archive(Registry.PYPI, "pdfminer", "20191125", "9e700bc731300ed5c8936343c1dd4529638184198e54e91dd2b59b64a755dc01"),
    Archive(Registry.PYPI, "pdftotext", "4.0.0", "6c949f01bb0fea4560cc23e4b8b017188647d22f99a604a7ed3d09f72f43e634"),
    Archive(Registry.PYPI, "pikepdf", "10.18.0", "cb555ebff93482e8a6eb55881488b469bbb2b5675161c1b93a0510a8642d98d0"),
    Archive(Registry.PYPI, "pypdf", "7.1.1", "2eff4e2fc5fb22a6d6711e6f1166cdc9ab5765d90cd0d77dfea3f4aa91a27b1d"),
    Archive(Registry.PYPI, "pypdfium2", "5.15.2", "0185193bbdf0cc39f0bf31954c25f12edb81048bcb628ea4fc3dccf8d2ce2aef"),
    Archive(Registry.PYPI, "tabula-py", "2.10.0", "75968a83fe978e5d56ccf23f0f0255a459c256b7b52db7cabe5ac795bb3b12df"),
)
"""The source distributions of Python's PDF libraries, whose test files once broke something, and one book."""

PACKAGES = (
    Archive(Registry.DEBIAN, "auctex", "12.2-1", "9c9e8207852a807b6c8b6f9124b17a3256edb6d4313d5a33e7bdbf113c77b2e9"),
    Archive(
        Registry.DEBIAN,
        "auto-multiple-choice-doc-pdf",
        "1.6.0-1",
        "a5f8ab9a3b48273d720561990af1078c8c2b19ba1b98634ad4e2073748f436ec",
    ),
    Archive(
        Registry.DEBIAN, "bash-doc", "5.2.15-2", "2c1a353f7004d14ba81db19c253b958d2dd9582027650739c530fd50376a9d8b"
    ),
    Archive(
        Registry.DEBIAN, "camlidl-doc", "1.04-5", "183dc96108e0b0164c8f464ff2499b68dbe600c33ecd82f2510afc411165aba5"
    ),
    Archive(
        Registry.DEBIAN,
        "clisp-doc",
        "1:2.49.20210628.gitde01f0f-3",
        "f5308e816c064a4045aec34f7d95172082ffcf31464846384449e9abd9411927",
    ),
    Archive(
        Registry.DEBIAN,
        "dblatex-doc",
        "0.3.12py3-2",
        "d5071654a04581ea023604cb2705ef71d13677a054023616ae9a8172a67f92f4",
    ),
    Archive(Registry.DEBIAN, "debian-faq", "11.1", "427426e0cfa6888622fc1d72631071cb4b5a1f86ccde722e7820bcef284de5d0"),
    Archive(
        Registry.DEBIAN, "debian-faq-ru", "11.1", "aaaae7a409c5cf5f5b8c26991f6ef484297e0cd2dee74c8d675cfa6613bce541"
    ),
    Archive(
        Registry.DEBIAN, "debian-faq-zh-cn", "11.1", "3545356b1aa04d87e91dd15e8406210cf5b4f476662e597897bcb42234591758"
    ),
    Archive(
        Registry.DEBIAN, "debian-policy", "4.6.2.0", "ef9d01b625c3b87c3a845c2cd1b66f1a16e9240b2b9e5bee53472a00e8457a39"
    ),
    Archive(
        Registry.DEBIAN,
        "debian-reference-de",
        "2.100",
        "3b0ce65fd63e75ddf8eb07ca36293425135080e690a07e06a6ac8bc8040ef0aa",
    ),
    Archive(
        Registry.DEBIAN,
        "debian-reference-ja",
        "2.100",
        "f67140e0b994409413bd5fcc8dfcce832445c99d724401f0275fa238daf30325",
    ),
    Archive(
        Registry.DEBIAN,
        "debian-reference-zh-cn",
        "2.100",
        "6d2d8d9a646397e28b04cdff23d2e4374101ebf9be348e35961af62c8a2d0977",
    ),
    Archive(
        Registry.DEBIAN,
        "developers-reference-ja",
        "12.18",
        "fdcd6ac4ade8b3a68449c7ba881195e37f429c64b8067ee7269404d1b86fa229",
    ),
    Archive(
        Registry.DEBIAN, "evolver-doc", "2.70+ds-8", "984a35359bdd3fe4f5545bc023ac47e63e3b4fc9365d73a80ff4a4a36fe19f7f"
    ),
    Archive(Registry.DEBIAN, "feynmf", "1.08-14", "39c51d91a9539d170a295b358d042539e94bb78d95aa12f22dbd3bd860bac502"),
    Archive(
        Registry.DEBIAN, "flex-doc", "2.6.4-8.2", "abd9911c21991db1af5afe88313fc13df2018cb8d60b69b8cca20f1f42d04970"
    ),
    Archive(
        Registry.DEBIAN, "freefem-doc", "3.5.8-7", "14cdb044e0dabc15a7f7b01c1b262b53457364115bd0c089d8a991d01859b0f7"
    ),
    Archive(
        Registry.DEBIAN, "gap-design", "1.7+ds-3", "3549b6267ba12b58f0d0ae9e18d81c944368311159e83d40011c1ba1478feade"
    ),
    Archive(
        Registry.DEBIAN, "gap-guava", "3.17+ds-3", "dd98947d30b1ab395f4d2f50ba46f20a83448202f980d638158b8bbac62107b3"
    ),
    Archive(
        Registry.DEBIAN, "grace", "1:5.1.25-13", "c6ff09c922b621fb9f0b16384509d88c72f3e2a644c1b07f0b4fc752578ac4a3"
    ),
    Archive(
        Registry.DEBIAN,
        "gri-pdf-doc",
        "2.12.27-1.1",
        "0873a873dbd41d1536c9f48388f4bf30ee0758309b0a597412860b865a187f92",
    ),
    Archive(
        Registry.DEBIAN,
        "haskell98-report",
        "20080907-10",
        "e63c0aec59e8a41e47717f9b147bb45e65e2f85b5d7b351be1cc23d006a77770",
    ),
    Archive(
        Registry.DEBIAN,
        "latex2rtf-doc",
        "2.3.18a-3",
        "3e850ba7c9617de4ca0cb1dd649d651ea77b1dddfefecf271628b65e5dbb5fc9",
    ),
    Archive(
        Registry.DEBIAN, "libmpfr-doc", "4.2.0-1", "15495b5a634467d2c038833d4a7552fe9f06b8f9d1e09cb3a01b614350f96a4e"
    ),
    Archive(
        Registry.DEBIAN,
        "libsuitesparse-doc",
        "1:5.12.0+dfsg-2",
        "ace13d0b66115f2f1a2fd144fb85147ba0ecb7774ac1368fbb8fe3b3cce047fd",
    ),
    Archive(
        Registry.DEBIAN,
        "libtasn1-doc",
        "4.19.0-2+deb12u1",
        "ce109d7f7611b24d03e41b831eab01c3c7fb1a55b8d8b4350ed24383c0c8dfda",
    ),
    Archive(
        Registry.DEBIAN, "maint-guide", "1.2.53", "762c8a400a36668d2eb814a3ba356b06488fd889dfce478eb11d5cfb189a47b5"
    ),
    Archive(
        Registry.DEBIAN, "nauty-doc", "2.8.6+ds-2", "3b562ee966760117d74eef450e33592997f7f4da4e405c50e6bff5e757b7c223"
    ),
    Archive(Registry.NPM, "pdf-parse", "1.1.1", "ebca13fce97da77fd529f570188aee0fa696d00aac335914cef87d62ac2ac1b1"),
    Archive(
        Registry.NPM, "pdf-table-extractor", "1.0.3", "ba08a1c9e4f486010ef1458a9ee4ce8cd46abe14ba15f2c28aca05f386798c61"
    ),
    Archive(Registry.PYPI, "pdf2docx", "0.5.13", "75eff485d4fdcd28237783a65c1bc5e9eaf9fbc747fcacee6c5c16c8ffa7a6a9"),
    Archive(Registry.PYPI, "pdfreader", "0.1.15", "2ee1252cc5f21a2f8cadb458decd85c1313271abb5bac1e4363a3e0e17e2dd87"),
    Archive(
        Registry.DEBIAN,
        "preview-latex-style",
        "12.2-1",
        "8e41a011031380cb014173b40131987ac27ee4e1de037ed1a103362e9325f6a6",
    ),
    Archive(
        Registry.DEBIAN,
        "proofgeneral-doc",
        "4.4.1~pre170114-1.2",
        "5f96f0c6b84fa84a7d30cab79c8fa009dce5366759bd90c292dfaa2a2ddfc6fb",
    ),
    Archive(Registry.DEBIAN, "pstoedit", "3.78-2", "c5856096c87b273a4c87f68d0a16b4e5741d6e24c84c4ff2e17b1296c5807fd3"),
    Archive(
        Registry.DEBIAN,
        "python-reportlab-doc",
        "3.6.12-1+deb12u1",
        "f7d27c209eb0c2063b604f34414681d0694a83280aa1668f0bccc685f607131c",
    ),
    Archive(
        Registry.DEBIAN,
        "siscone-doc-pdf",
        "3.0.5-2",
        "7e3a80c7b7725b85f0b3b094b23df66f73838a5fa477d7157de53ecf5de17b60",
    ),
    Archive(
        Registry.DEBIAN,
        "ubuntu-packaging-guide-pdf",
        "1.0.4",
        "3d36845ce5c676d0c36af966d69a0d09a3cf4a393b0f6fa96772aef11aecaefb",
    ),
    Archive(
        Registry.DEBIAN,
        "ubuntu-packaging-guide-pdf-ru",
        "1.0.4",
        "cfe3292764a7e21a787c2ed6bca127724c070465e8acd02527cb9e238d01c97b",
    ),
    Archive(
        Registry.DEBIAN, "why3-doc-pdf", "1.5.1-1", "87c5eca4677c24f8d76b13c39163626d2163204f385e5b223bca4d367e0b8703"
    ),
    Archive(
        Registry.DEBIAN, "xfig-doc", "1:3.2.8b-2", "36b17319b7c3fd7c670bd24dbce393e0776e1a4347a9467166194c8baec5644f"
    ),
)
"""Documentation of Debian's packages, and test files of programs that convert PDFs."""

DEBIAN_RELEASE = "bookworm"
"""The release of Debian that has these versions; others have other ones."""


def are_here(archives: Sequence[Archive]) -> bool:
    """Return whether archives have been downloaded."""
    return not _missing(archives)


def download(archives: Sequence[Archive]) -> None:
    """Download the archives that are missing.

    Raises:
        SetupError: They could not be downloaded.
    """
    missing = _missing(archives)
    if missing:
        say(f"downloading {', '.join(archive.name for archive in missing)}")
    if any(archive.registry is Registry.DEBIAN for archive in missing):
        packages.update_lists()
    for archive in missing:
        fetch(archive)


def files(archives: Sequence[Archive]) -> dict[str, Path]:
    """Return every distinct PDF of archives that have been downloaded, by package and path."""
    found: dict[bytes, tuple[str, Path]] = {}  # archives contain copies of each other's files
    for archive in archives:
        for path in sorted(path for path in archive.folder.rglob("*") if path.is_file()):
            name = f"{archive.name}/{path.relative_to(archive.folder).as_posix()}"
            found.setdefault(hashlib.sha256(path.read_bytes()).digest(), (name, path))
    return dict(sorted(found.values()))


def third_of(paths: Mapping[str, Path], known: Iterable[str]) -> dict[str, Path]:
    """Return the files whose turn it is with this commit, and the known ones."""
    chosen = {*known, *part(sorted(paths), THIRDS)}
    return {name: path for name, path in paths.items() if name in chosen}


def _missing(archives: Sequence[Archive]) -> list[Archive]:
    return [archive for archive in archives if not archive.folder.exists()]
