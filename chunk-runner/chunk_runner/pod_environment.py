"""A pod's environment: reads the variables and files that the operator sets, and returns typed, validated values.

The only module of the runner that knows how these values are written; `contract.environment` has their names. Any of
them may be wrong: an invalid value raises an error of one sentence that names the variable.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Mapping
from itertools import chain
from pathlib import Path

from chunk_runner.contract import environment
from chunk_runner.contract.job_spec import JobSpec
from chunk_runner.contract.limits import CHUNKS_LIMIT, shorten
from chunk_runner.contract.live_pdfjobs import LivePdfJobs
from chunk_runner.contract.number_set import NumberSet
from chunk_runner.contract.ranges import nth, parse_ranges
from chunk_runner.contract.reasons import Reason, reason_or_unexpected
from chunk_runner.errors import ConfigurationError, UsageError


_MOST = 2**53 - 1
"""The largest number that a variable may hold; JSON keeps all smaller ones exact."""

_NUMBER = re.compile("[0-9]{1,16}")  # str.isdecimal accepts the digits of every script

_ATTEMPT = re.compile("[0-9A-Za-z][-0-9A-Za-z]{0,62}")


def attempt_name(env: Mapping[str, str] = os.environ) -> str:
    """Return the unique name of this attempt, which temporary files carry; a random one if the variable is not set."""
    text = env.get(environment.ATTEMPT_ENV) or uuid.uuid4().hex
    if not _ATTEMPT.fullmatch(text):
        raise _invalid(environment.ATTEMPT_ENV, text, "1 to 63 ASCII letters, digits and hyphens")
    return text


def round_number(env: Mapping[str, str] = os.environ) -> int:
    """Return the round of retries, 0 for the first; 0 if the variable is not set."""
    return _number(env, environment.ROUND_ENV, least=0) or 0


def job_spec(env: Mapping[str, str] = os.environ) -> JobSpec:
    """Return the specification of the job."""
    try:
        return JobSpec.loads(env.get(environment.SPEC_ENV, ""))
    except ValueError as error:
        message = f"{environment.SPEC_ENV} is not a valid specification: {error}."
        raise UsageError(Reason.CONFIGURATION_ERROR, message) from error


def source_password(file: str = environment.PASSWORD_FILE) -> str:
    """Return the password of an encrypted source from its mounted Secret; empty if none is mounted.

    Raises:
        ConfigurationError: The file cannot be read, or is not UTF-8.
    """
    try:
        return Path(file).read_text(encoding="utf-8-sig").removesuffix("\n")  # text mode: CRLF is a line end, too
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            Reason.CONFIGURATION_ERROR,
            "The password's Secret cannot be read as text: check spec.source.passwordSecretRef.",
        ) from error


def chunk_index(env: Mapping[str, str] = os.environ) -> int:
    """Return the chunk to process: the index of the pod, or in a round of selected chunks the one at this position."""
    index = _number(env, environment.INDEX_ENV, least=0)
    if index is None:
        raise UsageError(Reason.CONFIGURATION_ERROR, f"{environment.INDEX_ENV} is not set: it selects the chunk.")
    if environment.CHUNKS_ENV not in env:
        return index
    try:
        return nth(_chunks(env, environment.CHUNKS_ENV), index)
    except IndexError as error:
        raise _invalid(
            environment.INDEX_ENV, str(index), f"less than the number of chunks in {environment.CHUNKS_ENV}"
        ) from error


def has_more_memory(env: Mapping[str, str] = os.environ) -> bool:
    """Return true if a pod with more memory can follow this one."""
    return _is_set(env, environment.MORE_MEMORY_ENV)


def workers(env: Mapping[str, str] = os.environ) -> int | None:
    """Return how many chunks may be processed at the same time; `None` if each pod begins at once."""
    return _number(env, environment.WORKERS_ENV, least=1)


def ready_port(env: Mapping[str, str] = os.environ) -> int | None:
    """Return the port that is open while the chunk is processed; `None` for none."""
    return _number(env, environment.READY_PORT_ENV, least=1)


def merges_early(env: Mapping[str, str] = os.environ) -> bool:
    """Return true if merge begins before all chunks have their results."""
    return _is_set(env, environment.EARLY_ENV)


def unfinished_reason(env: Mapping[str, str] = os.environ) -> str | None:
    """Return the reason to record for chunks that left none themselves; `None` if the variable is not set."""
    text = env.get(environment.UNFINISHED_ENV)
    return reason_or_unexpected(text) if text else None


def unfinished_message(env: Mapping[str, str] = os.environ) -> str:
    """Return the sentence to record for chunks that left none themselves; empty if the variable is not set."""
    return shorten(env.get(environment.UNFINISHED_MESSAGE_ENV, ""))


def out_of_memory_chunks(env: Mapping[str, str] = os.environ) -> frozenset[int]:
    """Return the chunks whose pods were killed for using too much memory."""
    return frozenset(chain.from_iterable(_chunks(env, environment.OUT_OF_MEMORY_ENV)))


def completed_chunks(env: Mapping[str, str] = os.environ) -> NumberSet | None:
    """Return the chunks that have a result, as Kubernetes says; `None` if the variable is not set."""
    text = env.get(environment.COMPLETED_ENV)
    if not text:
        return None
    try:
        return NumberSet.loads(text)
    except ValueError as error:
        raise _invalid(environment.COMPLETED_ENV, text, "a set of chunks") from error


def cache_seconds(env: Mapping[str, str] = os.environ) -> int:
    """Return for how many seconds a file that another node has written may not be visible here."""
    seconds = _number(env, environment.CACHE_ENV, least=0)
    return environment.CACHE_SECONDS if seconds is None else seconds


def claim_uid(env: Mapping[str, str] = os.environ) -> str | None:
    """Return the uid of the workspace's claim; `None` if the variable is not set."""
    text = env.get(environment.CLAIM_ENV)
    if text and not _ATTEMPT.fullmatch(text):
        raise _invalid(environment.CLAIM_ENV, text, "a uid")
    return text or None


def live_pdfjobs(env: Mapping[str, str] = os.environ) -> LivePdfJobs:
    """Return the PdfJobs of the namespace.

    There may be none, but not an unknown number: every workspace of a PdfJob that is not among them is removed.
    """
    text = env.get(environment.LIVE_ENV)
    if not text:
        raise UsageError(
            Reason.CONFIGURATION_ERROR, f"{environment.LIVE_ENV} is not set: it holds the PdfJobs that exist."
        )
    try:
        return LivePdfJobs.loads(sweep_before(env), text)
    except ValueError as error:
        raise _invalid(environment.LIVE_ENV, text, "a set of PdfJobs") from error


def sweep_before(env: Mapping[str, str] = os.environ) -> int:
    """Return the time before which a leftover must have changed last to be removed, in seconds since 1970."""
    before = _number(env, environment.BEFORE_ENV, least=0)
    if before is None:
        raise UsageError(
            Reason.CONFIGURATION_ERROR, f"{environment.BEFORE_ENV} is not set: it is the age limit of leftovers."
        )
    return before


def memory_limit(env: Mapping[str, str] = os.environ) -> int | None:
    """Return the memory limit of the container in bytes; `None` if the variable is not set."""
    return _number(env, environment.MEMORY_ENV, least=1)


def storage_limit(env: Mapping[str, str] = os.environ) -> int | None:
    """Return how much room the PDFs of all chunks may take, and so may all results, in bytes; `None` for no limit."""
    return _number(env, environment.STORAGE_LIMIT_ENV, least=1)


def requests_per_minute(env: Mapping[str, str] = os.environ) -> int | None:
    """Return the limit on requests of all pods with one API key; `None` for no limit."""
    return _number(env, environment.REQUESTS_ENV, least=1)


def tokens_per_minute(env: Mapping[str, str] = os.environ) -> int | None:
    """Return the limit on tokens of all pods with one API key; `None` for no limit."""
    return _number(env, environment.TOKENS_ENV, least=1)


def _is_set(env: Mapping[str, str], variable: str) -> bool:
    text = env.get(variable, "")
    if text not in ("", "true"):
        raise _invalid(variable, text, "true or empty")
    return bool(text)


def _number(env: Mapping[str, str], variable: str, *, least: int) -> int | None:
    text = env.get(variable) or ""
    if not text:
        return None
    if not _NUMBER.fullmatch(text) or not least <= int(text) <= _MOST:
        raise _invalid(variable, text, f"a whole number, {least} or more")
    return int(text)


def _chunks(env: Mapping[str, str], variable: str) -> list[range]:
    text = env.get(variable, "")
    try:
        ranges = parse_ranges(text)
    except ValueError as error:
        raise _invalid(variable, text, "ranges of chunks such as 0-3,7") from error
    if ranges and ranges[-1].stop > CHUNKS_LIMIT:
        raise _invalid(variable, text, f"chunks below {CHUNKS_LIMIT}")
    return ranges


def _invalid(variable: str, text: str, expected: str) -> UsageError:
    return UsageError(Reason.CONFIGURATION_ERROR, f"{variable} is “{shorten(text, 60)}”, but must be {expected}.")
