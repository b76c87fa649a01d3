"""Answers are bought once, kept through deaths and retries, and within the budget; also those of another task."""

import json
import signal

import pytest

from chunk_runner.contract.exit_codes import ExitCode
from integration.gemini.book import ALL, output, require_counted, spec, texts
from processes.pods import Pods
from processes.running import until
from sizes import cases
from tools.fake_gemini.server import GeminiServer


def test_a_fallback_that_is_asked_for_later_costs_nothing_again(pods: Pods, server: GeminiServer) -> None:
    server.rules([{"match": "On page 3", "fault": "recitation"}])
    pods.prepare(spec())
    server.configure(clear=True)

    pods.prepare(spec(fallback="text"))

    assert texts(pods) == ALL
    assert {it["page_texts"][0][:9] for it in server.log()} == {"On page 3"}


def test_a_retry_asks_for_the_failed_pages_and_buys_nothing_again(pods: Pods, server: GeminiServer) -> None:
    server.rules([{"match": "On page 3", "fault": "recitation"}])
    pods.prepare(spec(2))
    for index in range(2):
        pods.process(index)
    pods.run("merge")
    server.configure(rules=[], clear=True)

    code, report = pods.run("prepare", PDFJOB_SPEC=spec(2).dumps(), PDFJOB_ROUND="1")
    assert (code, report.todo) == (0, "1")
    assert pods.run("process", JOB_COMPLETION_INDEX="0", PDFJOB_CHUNKS="1", PDFJOB_ROUND="1")[0] == 0
    _, report = pods.run("merge")

    assert texts(pods) == ALL
    assert report.merged is not None
    assert report.merged.failed_pages == ""
    # Page 4 was bought before, and that both at once are too much was found out.
    assert [it["page_texts"][0][:9] for it in server.log()] == ["On page 3"]


def test_a_pod_that_is_killed_loses_nothing_that_was_paid_for(pods: Pods, server: GeminiServer) -> None:
    pods.prepare(spec(2, requestTimeoutSeconds=600))
    server.plan("maxtokens", "ok", "timeout")
    with pods.start("process", JOB_COMPLETION_INDEX="0") as process:
        until(lambda: len(server.log()) == 3)
        process.kill()
    server.configure(plan=[], clear=True)

    assert pods.process(0)[0] == 0
    assert pods.process(1)[0] == 0
    pods.run("merge")

    assert texts(pods) == ALL
    assert [it["page_texts"][0][:9] for it in server.log()] == ["On page 2", "On page 3"]


def test_a_pod_that_is_told_to_stop_keeps_the_answer_that_is_on_its_way(pods: Pods, server: GeminiServer) -> None:
    pods.prepare(spec(2, requestTimeoutSeconds=600))
    server.configure(held=True)
    with pods.start("process", JOB_COMPLETION_INDEX="0") as process:
        until(lambda: len(server.log()) == 1)
        process.send_signal(signal.SIGTERM)
        server.configure(held=False)
        assert process.wait() == ExitCode.INTERRUPTED

    assert pods.process(0)[0] == 0
    assert len(server.log()) == 1


def test_the_job_begins_no_chunk_once_its_tokens_are_used(pods: Pods, server: GeminiServer) -> None:
    pods.prepare(spec(2, maxTotalTokens=10))
    assert pods.process(0)[0] == 0

    code, report = pods.process(1)

    assert code == ExitCode.CHUNK
    assert report.failure is not None
    assert report.failure.reason == "TokenBudgetReached"
    assert len(server.log()) == 1


def test_a_document_cannot_force_requests_beyond_the_tokens_of_the_job(pods: Pods, server: GeminiServer) -> None:
    server.rules([{"match": ".", "fault": "maxtokens", "least": 2}])

    _, report = pods.prepare(spec(maxTotalTokens=10))

    assert [it["pages"] for it in server.log()] == [4]
    assert report.merged is not None
    assert [it.reason for it in report.merged.failed_chunks] == ["TokenBudgetReached"]


def test_another_task_has_answers_in_its_own_shape(pods: Pods, server: GeminiServer) -> None:
    schema = {"type": "object", "properties": {"names": {"type": "array", "items": {"type": "string"}}}}
    schema["required"] = ["names"]
    settings = {"prompt": "List the things that were sold.", "outputSchema": json.dumps(schema)}
    pods.prepare(spec(2, **settings))
    for index in range(2):
        assert pods.process(index)[0] == 0
    merged = pods.run("merge")[1].merged

    assert merged is not None
    assert (merged.answers, merged.sentences) == (2, 0)
    assert [it["pages"] for it in output(pods)["answers"]] == [[1, 2], [3, 4]]
    assert all(isinstance(it["value"]["names"], list) for it in output(pods)["answers"])
    assert all(it["text"].startswith("List the things") for it in server.log())


SUMMARY = {"type": "object", "properties": {"summary": {"type": "string"}}, "required": ["summary"]}


@pytest.mark.parametrize("fault", cases(["other", "badjson"], quick=["badjson"]))
def test_a_page_that_another_task_fails_at_fails_alone(fault: str, pods: Pods, server: GeminiServer) -> None:
    server.rules([{"match": "On page 2", "fault": fault}])

    _, report = pods.prepare(spec(prompt="Sum it up.", outputSchema=json.dumps(SUMMARY)))

    assert report.merged is not None
    assert (report.merged.failed_pages, dict(report.merged.page_reasons)) == ("2", {"OutputInvalid": "2"})
    assert [it["pages"] for it in output(pods)["answers"]] == [[1, 1], [2, 2], [3, 4]]
    require_counted(server, report)


def test_an_answer_of_the_wrong_shape_is_not_bought_page_by_page(pods: Pods, server: GeminiServer) -> None:
    server.rules([{"match": "On page 2", "fault": "wrongshape"}])

    pods.prepare(spec(2, prompt="Sum it up.", outputSchema=json.dumps(SUMMARY)))

    assert pods.process(0)[0] == ExitCode.CHUNK
    assert [it["pages"] for it in server.log()] == [2, 2]
