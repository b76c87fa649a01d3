"""Faults of the service and of its answers: waited out, asked again, asked by halves, or a gap with a reason."""

import pytest

from chunk_runner.contract.exit_codes import ExitCode
from integration.gemini.book import ALL, output, require_counted, spec, texts
from processes.pods import Pods
from processes.running import until
from sizes import cases
from tools.documents import pdfs
from tools.fake_gemini.server import GeminiServer


TRANSIENT = [
    *("429", "429tpm", "429bare", "429spend", "500", "502html", "503", "504", "408", "499"),
    *("reset", "hangup", "cutbody", "badbody", "html200", "empty200", "nocandidates"),
]


@pytest.mark.parametrize("fault", cases(TRANSIENT, quick=["429", "badbody"]))
def test_a_transient_fault_is_waited_out_in_the_pod(fault: str, pods: Pods, server: GeminiServer) -> None:
    server.plan(fault)

    code, report = pods.prepare(spec())

    assert (code, report.failure) == (0, None)
    assert [it["fault"] for it in server.log()] == [fault, "ok"]
    assert texts(pods) == ALL
    require_counted(server, report)


@pytest.mark.parametrize("fault", cases(["timeout", "drip"], quick=["drip"]))
def test_a_request_has_a_deadline_in_all(fault: str, pods: Pods, server: GeminiServer) -> None:
    server.plan(fault)

    code, _ = pods.prepare(spec())

    assert code == 0
    assert len(server.log()) == 2
    until(lambda: [it["client_gone"] for it in server.log()] == [True, False])
    assert texts(pods) == ALL


STOPPING = {
    **dict.fromkeys(["429rpd", "429credits", "429cap", "402"], "QuotaExhausted"),
    **dict.fromkeys(["badkey", "expiredkey", "region", "unauth", "403", "suspended", "404"], "ConfigurationError"),
    **dict.fromkeys(["thinking", "field"], "ConfigurationError"),
}


@pytest.mark.parametrize("fault", cases(STOPPING, quick=["429rpd"]))
def test_what_no_chunk_would_fare_better_with_stops_the_job_after_one_call(
    fault: str, pods: Pods, server: GeminiServer
) -> None:
    pods.prepare(spec(2))
    server.plan(fault)

    code, report = pods.process(0)

    assert code == ExitCode.CONFIGURATION
    assert report.failure is not None
    assert report.failure.reason == STOPPING[fault]
    assert "Secret “gemini-key”" in report.failure.message
    assert len(server.log()) == 1


def test_a_request_that_the_server_never_takes_fails_its_chunk(pods: Pods, server: GeminiServer) -> None:
    pods.prepare(spec(2))
    server.rules([{"match": ".", "fault": "badpdf"}])

    code, report = pods.process(0)

    assert code == ExitCode.CHUNK
    assert report.failure is not None
    assert report.failure.reason == "RequestRefused"
    assert [it["pages"] for it in server.log()] == [2, 1, 1]


TOO_MUCH = ["toolong", "413", "payload", "unknown", "maxtokens", "allthought", "safety", "blocked"]


@pytest.mark.parametrize("fault", cases(TOO_MUCH, quick=["maxtokens"]))
def test_what_is_too_much_at_once_is_asked_for_by_halves(fault: str, pods: Pods, server: GeminiServer) -> None:
    server.plan(fault)

    code, report = pods.prepare(spec())

    assert (code, report.failure) == (0, None)
    assert [it["pages"] for it in server.log()] == [4, 2, 2]
    assert texts(pods) == ALL
    require_counted(server, report)


NONSENSE = [
    *("badjson", "wrongshape", "loop", "invented", "wrongpages"),
    *("missing", "other", "newreason", "recitation"),
]


@pytest.mark.parametrize("fault", cases(NONSENSE, quick=["invented", "newreason"]))
def test_an_answer_that_makes_no_sense_is_asked_for_again_and_then_by_halves(
    fault: str, pods: Pods, server: GeminiServer
) -> None:
    server.plan(fault, fault)

    code, report = pods.prepare(spec())

    assert (code, report.failure) == (0, None)
    assert [it["pages"] for it in server.log()] == [4, 4, 2, 2]
    assert texts(pods) == ALL
    require_counted(server, report)


@pytest.mark.parametrize("heading", cases(["", "CHAPTER II"], quick=["CHAPTER II"]))
def test_a_page_with_little_on_it_hides_no_invention(heading: str, pods: Pods, server: GeminiServer) -> None:
    between = [heading] if heading else []
    pdfs.write_pages(pods.volume / "book.pdf", [pdfs.sales(1), between, pdfs.sales(3)])
    server.plan("invented", "invented")

    pods.prepare(spec())

    assert [it["pages"] for it in server.log()][:3] == [3, 3, 1]
    assert " ".join(texts(pods)) == " ".join([*pdfs.sales(1), *between, *pdfs.sales(3)])


@pytest.mark.parametrize(("width", "requests"), [(400, 1), (40, 2)], ids=["figure", "logo"])
def test_what_the_model_reads_in_a_picture_is_believed(
    width: int, requests: int, pods: Pods, server: GeminiServer
) -> None:
    caption = pdfs.sales(1, sentences=4)
    pdfs.write_figure(pods.volume / "book.pdf", caption, width=width)
    server.plan("figure")

    pods.prepare(spec())

    assert len(server.log()) == requests
    assert set(caption) <= set(texts(pods))
    assert ("Shaft 39 is 1443 metres deep." in texts(pods)) == (requests == 1)


def test_the_text_beside_a_picture_must_be_told(pods: Pods, server: GeminiServer) -> None:
    pdfs.write_figure(pods.volume / "book.pdf", pdfs.sales(1, sentences=4), width=400)
    server.plan("missing")  # of one page, that is all

    pods.prepare(spec())

    assert len(server.log()) == 2
    assert texts(pods) == pdfs.sales(1, sentences=4)


def test_a_fence_around_the_answer_does_no_harm(pods: Pods, server: GeminiServer) -> None:
    server.plan("fenced")

    pods.prepare(spec())

    assert texts(pods) == ALL
    assert len(server.log()) == 1


REFUSALS = {
    "safety": "ContentRefused",
    "prohibited": "ContentRefused",
    "spii": "ContentRefused",
    "blocked": "ContentRefused",
    "recitation": "Recitation",
    "maxtokens": "OutputTruncated",
    "loop": "OutputInvalid",
    "badrequest": "RequestRefused",
}


@pytest.mark.parametrize("fault", cases(REFUSALS, quick=["safety"]))
def test_a_page_that_the_model_refuses_fails_alone(fault: str, pods: Pods, server: GeminiServer) -> None:
    server.rules([{"match": "On page 3", "fault": fault}])

    _, report = pods.prepare(spec())

    assert report.merged is not None
    assert (report.merged.failed, report.merged.failed_pages) == (0, "3")
    assert dict(report.merged.page_reasons) == {REFUSALS[fault]: "3"}
    found = output(pods)["sentences"]
    assert {"text": f"[page 3 missing: {REFUSALS[fault]}]", "pages": [3, 3], "gap": REFUSALS[fault]} in found
    assert [it["text"] for it in found if "gap" not in it] == [it for it in ALL if "page 3" not in it]
    require_counted(server, report)


def test_a_page_that_the_model_refuses_can_have_its_text_layer_instead(pods: Pods, server: GeminiServer) -> None:
    server.rules([{"match": "On page 3", "fault": "recitation"}])

    _, report = pods.prepare(spec(fallback="text"))

    assert texts(pods) == ALL
    assert report.merged is not None
    assert (report.merged.failed_pages, dict(report.merged.page_reasons)) == ("", {"Recitation": "3"})
    assert output(pods)["pageReasons"] == {"Recitation": "3"}
