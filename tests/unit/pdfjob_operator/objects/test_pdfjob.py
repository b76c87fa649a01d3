import pytest

from builders import make_gemini, make_pdfjob
from pdfjob_operator.objects.pdfjob import is_settled


def test_password_language_pages_and_format_are_parsed() -> None:
    secret = {"name": "passwords", "key": "germinal"}
    source = {"volume": {"path": "a.pdf"}, "passwordSecretRef": secret, "language": "fr"}

    job = make_pdfjob(source=source, pages="-20,7", output={"format": "jsonl"})

    assert (job.password_secret, job.language) == (("passwords", "germinal"), "fr")
    assert (job.pages, job.output_format) == ("-20,7", "jsonl")


def test_the_defaults_are_all_pages_as_json() -> None:
    job = make_pdfjob()

    assert (job.password_secret, job.language, job.pages, job.output_format) == (None, None, None, "json")


def test_settings_of_gemini_are_for_the_runner_and_its_api_key_for_the_pod() -> None:
    asked = {"prompt": "List names.", "outputSchema": "{}", "maxOutputTokens": 9000, "maxTotalTokens": 10**6}

    job = make_pdfjob(processor=make_gemini(**asked, thinkingLevel="low"))

    assert job.api_key_secret == ("gemini", "api-key")
    assert job.processor == {
        "name": "gemini",
        "model": "gemini-3.5-flash-lite",
        "input": "pdf",
        "requestTimeoutSeconds": 600,
        "fallback": "none",
        "thinkingLevel": "low",
        **asked,
    }


def test_text_has_no_settings_and_needs_no_key() -> None:
    job = make_pdfjob()

    assert (job.processor, job.api_key_secret) == ({"name": "text"}, None)


def test_a_pdfjob_is_settled_once_it_has_finished_and_its_status_is_about_its_spec() -> None:
    def settled(phase: str, observed: int) -> bool:
        return is_settled({"metadata": {"generation": 2}, "status": {"phase": phase, "observedGeneration": observed}})

    assert settled("Succeeded", 2)
    assert settled("Failed", 2)
    assert not settled("Succeeded", 1)
    assert not settled("Merging", 2)
    assert not is_settled({"metadata": {"generation": 1}})


@pytest.mark.parametrize(("raised", "settled"), [(0, True), (1, True), (2, False)])
def test_a_retry_that_was_raised_before_the_end_is_still_to_be_taken_up(raised: int, settled: bool) -> None:  # noqa: FBT001 (a table)
    status = {"phase": "Failed", "observedGeneration": 2, "round": 1}

    assert is_settled({"metadata": {"generation": 2}, "spec": {"retryFailed": raised}, "status": status}) is settled
