"""A book of four pages, a job on it, and what comes out; for the tests of the processor gemini."""

import json
from typing import Any

from chunk_runner.contract.job_spec import JobSpec
from chunk_runner.contract.report import Report
from processes.pods import Pods
from tools.documents import pdfs
from tools.fake_gemini.server import GeminiServer


KEY = "AQ.a-key-that-must-not-be-seen"

PROCESSOR = {"name": "gemini", "model": "gemini-3.5-flash-lite", "requestTimeoutSeconds": 10}


def spec(pages_per_chunk: int = 4, **settings: Any) -> JobSpec:
    processor = {**PROCESSOR, **settings}
    return JobSpec("book.pdf", processor, pages_per_chunk=pages_per_chunk, api_key_secret="gemini-key")


def output(pods: Pods) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((pods.workspace / "output.json").read_text())
    return found


def texts(pods: Pods) -> list[str]:
    return [it["text"] for it in output(pods)["sentences"]]


ALL = [sentence for page in range(1, 5) for sentence in pdfs.sales(page)]


def require_counted(server: GeminiServer, report: Report) -> None:
    """What the job says it used is what the server says it sold."""
    assert report.merged is not None
    assert vars(report.merged.tokens) == server.tokens()
