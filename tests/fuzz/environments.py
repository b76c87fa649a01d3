"""Environments of pods and of the operator, and what some variables hold: specifications, ranges, pages, prices.

Of an environment, the first byte chooses the variable, and the others are its value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from builders import make_pdfjob
from chunk_runner import pod_environment
from chunk_runner.contract import environment
from chunk_runner.contract.job_spec import JobSpec
from chunk_runner.contract.page_ranges import SelectionError, select
from chunk_runner.contract.ranges import parse_ranges
from chunk_runner.errors import StageError
from chunk_runner.processors.gemini.api.credentials import Credentials
from fuzz.target import Target, json_seeds, text_of
from pdfjob_operator.configuration.environment import SettingsError, load_settings
from pdfjob_operator.configuration.prices import Prices
from pdfjob_operator.objects.manifests.jobs import prepare_job


_RUNNER_VARIABLES: tuple[tuple[str, Callable[[dict[str, str]], object]], ...] = (
    (environment.ATTEMPT_ENV, pod_environment.attempt_name),
    (environment.ROUND_ENV, pod_environment.round_number),
    (environment.SPEC_ENV, pod_environment.job_spec),
    (environment.INDEX_ENV, pod_environment.chunk_index),
    (environment.CHUNKS_ENV, lambda env: pod_environment.chunk_index({environment.INDEX_ENV: "0", **env})),
    (environment.MORE_MEMORY_ENV, pod_environment.has_more_memory),
    (environment.UNFINISHED_ENV, pod_environment.unfinished_reason),
    (environment.OUT_OF_MEMORY_ENV, pod_environment.out_of_memory_chunks),
    (environment.LIVE_ENV, pod_environment.live_pdfjobs),
    (environment.BEFORE_ENV, pod_environment.sweep_before),
    (environment.MEMORY_ENV, pod_environment.memory_limit),
    (environment.REQUESTS_ENV, pod_environment.requests_per_minute),
    (environment.TOKENS_ENV, pod_environment.tokens_per_minute),
    ("GEMINI_API_KEY", lambda env: Credentials.from_environment(env=env)),
    *(
        (variable, lambda env: Credentials.from_environment(env={"GEMINI_API_KEY": "key", **env}))
        for variable in (environment.BASE_URL_ENV, environment.REQUESTS_ENV, environment.REDIS_URL_ENV)
    ),
)

_OPERATOR_VARIABLES = (
    "RUNNER_IMAGE", "RUNNER_IMAGE_PULL_POLICY", "RUNNER_IMAGE_PULL_SECRETS", "POD_LABELS", "RUNNER_RESOURCES",
    "RUNNER_MAX_MEMORY", "WATCH_NAMESPACES", "WORKSPACE_CLAIM", "WORKSPACE_RETENTION_SECONDS", "RESYNC_PERIOD_SECONDS",
    "GEMINI_BASE_URL", "GEMINI_REQUESTS_PER_MINUTE", "REDIS_URL", "REDIS_URL_SECRET", "PRICES", "LEASE", "HEALTH_PORT",
)  # fmt: skip


def _for_each(values: Iterable[bytes], count: int) -> tuple[bytes, ...]:
    """Return seeds: each value for each of so many variables."""
    return tuple(bytes([number]) + value for value in values for number in range(count))


def _runner_environment(data: bytes) -> None:
    variable, read = _RUNNER_VARIABLES[(data or b"\0")[0] % len(_RUNNER_VARIABLES)]
    read({variable: text_of(data[1:])})


def _operator_environment(data: bytes) -> None:
    variable = _OPERATOR_VARIABLES[(data or b"\0")[0] % len(_OPERATOR_VARIABLES)]
    settings = load_settings({"PDFJOB_RUNNER_IMAGE": "runner", f"PDFJOB_{variable}": text_of(data[1:])})
    prepare_job(make_pdfjob(), settings, seconds=60, doublings=1)


TARGETS = {
    "specification": Target(
        lambda data: JobSpec.loads(text_of(data)), (ValueError,), (JobSpec(path="a.pdf", pages="1-3").dumps().encode(),)
    ),
    "ranges": Target(lambda data: parse_ranges(text_of(data)), (ValueError,), (b"0-3,7", b"1,2,9-9")),
    "pages": Target(lambda data: select(text_of(data), 100), (SelectionError,), (b"1-20,30-", b"-7, 9")),
    "runner's environment": Target(
        _runner_environment,
        (StageError,),
        _for_each(
            (b"0", b"true", b"0-3", b"0a1b2c3d,00000000", b"https://host", JobSpec("a.pdf").dumps().encode()),
            len(_RUNNER_VARIABLES),
        ),
    ),
    "operator's environment": Target(
        _operator_environment,
        (SettingsError,),
        _for_each(
            (
                b"4Gi",
                b"name/key",
                b"https://host",
                *json_seeds({"a": "b"}, {"limits": {"memory": "1Gi"}}, {"models": {"m": {"input": 1, "output": 2.5}}}),
            ),
            len(_OPERATOR_VARIABLES),
        ),
    ),
    "prices": Target(
        lambda data: Prices.parse(text_of(data)),
        (ValueError,),
        json_seeds({"models": {"m": {"input": 1, "output": 2.5}}}),
    ),
}
