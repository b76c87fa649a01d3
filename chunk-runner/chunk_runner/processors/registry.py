"""The processors of this version, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import ConfigurationError
from chunk_runner.processors.text import TextProcessor


if TYPE_CHECKING:
    from collections.abc import Mapping

    from chunk_runner.processors.base import Processor


def processor_for(settings: Mapping[str, Any], api_key_secret: str | None = None) -> Processor:
    """Return the processor that a job's specification names.

    Args:
        settings: Its name and settings, as in `JobSpec.processor`.
        api_key_secret: The name of the Secret that holds the API key, for error messages; `None` without a Secret.

    Raises:
        ConfigurationError: This version has no such processor, or a setting is not valid.
    """
    name = settings.get("name")
    if name == TextProcessor.name:
        return TextProcessor()
    if name == "gemini":
        from chunk_runner.processors.gemini.processor import gemini_processor  # noqa: PLC0415 (slow to load)

        return gemini_processor(settings, api_key_secret or "")
    raise ConfigurationError(
        Reason.CONFIGURATION_ERROR, f"There is no processor “{name}” in this version: use text or gemini."
    )
