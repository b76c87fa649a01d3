"""The script of `helm test`, against a fake API server and operator."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import pytest

from chart.helm import CHART


Object = dict[str, Any]


class Played(ThreadingHTTPServer):
    """A fake API server with at most one PdfJob, and an operator that finishes the PdfJob at once.

    Attributes:
        job: The PdfJob, if there is one.
        created: Every PdfJob that was created.
        volume: Folder of the claim.
        end: Outcome: `complete`, `failed`, `away` (no operator) or `refused` (by the API server).
    """

    def __init__(self, volume: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.job: Object | None = None
        self.created: list[Object] = []
        self.volume = volume
        self.end = "complete"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def create(self, job: Object) -> None:
        self.created.append(job)
        self.job = job
        if self.end == "failed":
            conditions = [{"type": "Complete", "status": "False"}, {"type": "Failed", "status": "True"}]
            job["status"] = {"phase": "Failed", "message": "There is no file of that name.", "conditions": conditions}
        if self.end == "complete":
            source = self.volume / job["spec"]["source"]["volume"]["path"]
            command = [sys.executable, "-m", "pdfjob_cli", "run", source, "--output", self.volume / "output.json"]
            subprocess.run(command, check=True, capture_output=True)
            job["status"] = {
                "phase": "Succeeded",
                "pages": 2,
                "duration": "2s",
                "output": {"path": "output.json"},
                "conditions": [{"type": "Complete", "status": "True"}],
            }


class _Handler(BaseHTTPRequestHandler):
    server: Played

    def do_GET(self) -> None:
        self._answer(self.server.job)

    def do_DELETE(self) -> None:
        job, self.server.job = self.server.job, None
        self._answer(job)

    def do_POST(self) -> None:
        job = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.headers["Authorization"] == "Bearer token"
        if self.server.end == "refused":
            self._answer({"message": "admission says no"}, 403)
            return
        self.server.create(job)
        self._answer(job, 201)

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, body: Object | None, code: int = 200) -> None:
        self.send_response(404 if body is None else code)
        self.end_headers()
        self.wfile.write(json.dumps(body or {}).encode())


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("helm_test_script", CHART / "files" / "helm-test.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    volume = tmp_path / "volume"
    volume.mkdir()
    with Played(volume) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def run(script: ModuleType, played: Played, tmp_path: Path, seconds: float = 240) -> str:
    (tmp_path / "token").write_text("token\n")
    result: str = script.run(script.Api("books", played.address, tmp_path), "x-test", "x-claim", played.volume, seconds)
    return result


def test_the_test_prints_the_sentences_of_both_pages_and_cleans_up(
    script: ModuleType, played: Played, tmp_path: Path
) -> None:
    result = run(script, played, tmp_path)

    assert result == "x-test: Succeeded, 2 pages in 2s\nThis is the first page. This is the second page."
    assert [file.name for file in played.volume.iterdir()] == ["output.json"]  # which goes with the PdfJob
    assert played.job is None
    (spec,) = (job["spec"] for job in played.created)
    assert spec["source"] == {"volume": {"claimName": "x-claim", "path": "x-test.pdf"}}
    assert spec["storage"] == {"claimName": "x-claim"}


def test_the_test_deletes_the_pdfjob_of_a_killed_test(script: ModuleType, played: Played, tmp_path: Path) -> None:
    played.job = {"metadata": {"name": "x-test"}, "status": {"conditions": [{"type": "Failed", "status": "True"}]}}

    assert "Succeeded" in run(script, played, tmp_path)


@pytest.mark.parametrize(
    ("end", "sentence"),
    [
        ("failed", "the PdfJob x-test failed: There is no file of that name."),
        ("away", "the PdfJob x-test did not finish within 1 s; no operator has processed it"),
        ("refused", "the API server refuses to POST a PdfJob (403): admission says no"),
    ],
)
def test_a_failed_test_says_why_and_cleans_up(
    script: ModuleType, played: Played, tmp_path: Path, end: str, sentence: str
) -> None:
    played.end = end

    with pytest.raises(script.FailureError) as raised:
        run(script, played, tmp_path, seconds=1)

    assert str(raised.value) == sentence
    assert (played.job, list(played.volume.iterdir())) == (None, [])


def test_the_test_says_if_it_cannot_write_to_the_claim(script: ModuleType, played: Played, tmp_path: Path) -> None:
    played.volume.rmdir()

    with pytest.raises(script.FailureError, match="user 65532 cannot write to the claim"):
        run(script, played, tmp_path)
