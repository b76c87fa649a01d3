import pytest

from pdfjob_operator.configuration.environment import SettingsError, load_settings
from pdfjob_operator.configuration.prices import NO_PRICES
from pdfjob_operator.configuration.settings import Settings


IMAGE = {"PDFJOB_RUNNER_IMAGE": "runner:1"}


def test_only_the_image_must_be_given() -> None:
    assert load_settings(IMAGE) == Settings(runner_image="runner:1")


def test_an_empty_variable_is_not_set() -> None:
    variables = (
        "GEMINI_BASE_URL",
        "GEMINI_REQUESTS_PER_MINUTE",
        "GEMINI_TOKENS_PER_MINUTE",
        "HEALTH_PORT",
        "KUEUE",
        "LEASE",
        "LOG_FORMAT",
        "MAX_PDFJOBS_PER_NAMESPACE",
        "MAX_WORKERS_PER_JOB",
        "METRICS_MAX_NAMESPACES",
        "POD_LABELS",
        "POD_POLICY",
        "PRICES",
        "REDIS_URL",
        "REDIS_URL_SECRET",
        "RESYNC_PERIOD_SECONDS",
        "RUNNER_IMAGE_PULL_POLICY",
        "RUNNER_IMAGE_PULL_SECRETS",
        "RUNNER_MAX_MEMORY",
        "RUNNER_MAX_STORAGE",
        "RUNNER_POD",
        "RUNNER_RESOURCES",
        "WATCH_NAMESPACES",
        "WORKSPACE_ACCESS_MODE",
        "WORKSPACE_CLAIM",
        "WORKSPACE_CREATE_PER_JOB",
        "WORKSPACE_MAX_SIZE",
        "WORKSPACE_RETENTION_SECONDS",
        "WORKSPACE_SIZE",
        "WORKSPACE_STORAGE_CLASS",
        "WORKSPACE_STORAGE_CLASSES",
    )

    settings = load_settings(IMAGE | {f"PDFJOB_{name}": "" for name in variables})

    assert settings == Settings(runner_image="runner:1")
    assert (settings.gemini_requests_per_minute, settings.redis_secret, settings.prices) == (None, None, NO_PRICES)


def test_lists_are_separated_by_commas() -> None:
    settings = load_settings(
        IMAGE | {"PDFJOB_WATCH_NAMESPACES": "a, b,", "PDFJOB_RUNNER_IMAGE_PULL_SECRETS": "pull,other"}
    )

    assert (settings.namespaces, settings.image_pull_secrets) == (("a", "b"), ("pull", "other"))


def test_numbers_and_pairs_are_read() -> None:
    settings = load_settings(
        IMAGE
        | {
            "PDFJOB_HEALTH_PORT": "9090",
            "PDFJOB_RESYNC_PERIOD_SECONDS": "30",
            "PDFJOB_WORKSPACE_RETENTION_SECONDS": "600",
            "PDFJOB_MAX_WORKERS_PER_JOB": "20",
            "PDFJOB_MAX_PDFJOBS_PER_NAMESPACE": "50",
            "PDFJOB_METRICS_MAX_NAMESPACES": "0",
            "PDFJOB_RUNNER_MAX_MEMORY": "3Gi",
            "PDFJOB_RUNNER_MAX_STORAGE": "7Gi",
            "PDFJOB_LEASE": "books/pdfjob",
            "PDFJOB_LOG_FORMAT": "json",
            "PDFJOB_RUNNER_IMAGE_PULL_POLICY": "Always",
            "PDFJOB_POD_LABELS": '{"team": "books"}',
        }
    )

    assert (settings.health_port, settings.resync_period_seconds, settings.workspace_retention_seconds) == (
        9090,
        30,
        600,
    )
    assert (settings.max_workers_per_job, settings.max_pdfjobs_per_namespace) == (20, 50)
    assert settings.metrics_max_namespaces == 0
    assert settings.max_storage == 7 * 2**30
    assert (settings.max_memory, settings.lease, settings.log_json) == (3 * 2**30, ("books", "pdfjob"), True)
    assert (settings.image_pull_policy, settings.pod_labels) == ("Always", {"team": "books"})


def test_settings_of_gemini_are_read() -> None:
    settings = load_settings(
        IMAGE
        | {
            "PDFJOB_GEMINI_BASE_URL": "https://gateway.example.com",
            "PDFJOB_GEMINI_REQUESTS_PER_MINUTE": "15",
            "PDFJOB_GEMINI_TOKENS_PER_MINUTE": "4000000",
            "PDFJOB_REDIS_URL": "redis://redis:6379/0",
            "PDFJOB_REDIS_URL_SECRET": "redis/url",
            "PDFJOB_PRICES": '{"models": {"gemini-x": {"input": 1, "output": 2}}}',
        }
    )

    assert settings.gemini_base_url == "https://gateway.example.com"
    assert (settings.gemini_requests_per_minute, settings.gemini_tokens_per_minute) == (15, 4_000_000)
    assert (settings.redis_url, settings.redis_secret) == ("redis://redis:6379/0", ("redis", "url"))
    assert list(settings.prices.models) == ["gemini-x"]


@pytest.mark.parametrize("memory", ["1073741824", "1073741824.0", "1e9"])
def test_a_quantity_may_be_a_number(memory: str) -> None:
    resources = f'{{"limits": {{"memory": {memory}}}, "requests": {{"memory": {memory}}}}}'

    settings = load_settings(IMAGE | {"PDFJOB_RUNNER_RESOURCES": resources})

    doubled = f"{int(float(memory)) * 2 // 2**20}Mi"
    assert settings.resources["limits"] == {"memory": float(memory)}
    assert settings.resources_with(1) == {"limits": {"memory": doubled}, "requests": {"memory": doubled}}


def test_resources_that_are_null_are_the_default() -> None:
    assert load_settings(IMAGE | {"PDFJOB_RUNNER_RESOURCES": "null"}) == load_settings(IMAGE)


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(SettingsError, match=r"^PDFJOB_RUNNER_IMAGE is not set: expected the image of"):
        load_settings({})


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("PDFJOB_HEALTH_PORT", "x", "a whole number"),
        ("PDFJOB_HEALTH_PORT", "65536", "a port number"),
        ("PDFJOB_RESYNC_PERIOD_SECONDS", "soon", "a whole number"),
        ("PDFJOB_WORKSPACE_RETENTION_SECONDS", "-5", "a whole number"),
        ("PDFJOB_MAX_WORKERS_PER_JOB", "0", "a whole number"),
        ("PDFJOB_MAX_PDFJOBS_PER_NAMESPACE", "few", "a whole number"),
        ("PDFJOB_METRICS_MAX_NAMESPACES", "-1", "a whole number of at least 0"),
        ("PDFJOB_GEMINI_REQUESTS_PER_MINUTE", "many", "a whole number"),
        ("PDFJOB_GEMINI_REQUESTS_PER_MINUTE", "0", "a whole number"),
        ("PDFJOB_GEMINI_TOKENS_PER_MINUTE", "1e+06", "a whole number"),
        ("PDFJOB_GEMINI_TOKENS_PER_MINUTE", "²", "a whole number"),
        ("PDFJOB_RUNNER_MAX_MEMORY", "a lot", "a number of bytes"),
        ("PDFJOB_RUNNER_MAX_MEMORY", "0", "a number of bytes"),
        ("PDFJOB_RUNNER_MAX_STORAGE", "-1Gi", "a number of bytes"),
        ("PDFJOB_RUNNER_MAX_MEMORY", "4GB", "a number of bytes"),
        ("PDFJOB_RUNNER_RESOURCES", '{"limits": {"memory": "-1Gi"}}', "requests and limits"),
        (
            "PDFJOB_RUNNER_RESOURCES",
            '{"requests": {"memory": "2Gi"}, "limits": {"memory": "1Gi"}}',
            "requests that are not above their limits",
        ),
        (
            "PDFJOB_RUNNER_RESOURCES",
            '{"requests": {"cpu": "200m"}, "limits": {"cpu": "0.1"}}',
            "requests that are not above their limits",
        ),
        ("PDFJOB_LEASE", "without-a-namespace", "namespace/name"),
        ("PDFJOB_LEASE", "a/b/c", "namespace/name"),
        ("PDFJOB_REDIS_URL_SECRET", "redis", "name/key"),
        ("PDFJOB_REDIS_URL_SECRET", "redis/", "name/key"),
        ("PDFJOB_REDIS_URL_SECRET", "books/redis/url", "name/key"),
        ("PDFJOB_WATCH_NAMESPACES", "books library", "names of namespaces"),
        ("PDFJOB_RUNNER_IMAGE_PULL_POLICY", "Sometimes", "Always, IfNotPresent or Never"),
        ("PDFJOB_LOG_FORMAT", "xml", "console or json"),
        ("PDFJOB_RUNNER_RESOURCES", "{", "requests and limits"),
        ("PDFJOB_RUNNER_RESOURCES", '{"limits": {"memory": "0Gi"}}', "a memory limit of at least a byte"),
        ("PDFJOB_RUNNER_RESOURCES", '{"limits": {"memory": 0.5}}', "a memory limit of at least a byte"),
        ("PDFJOB_RUNNER_RESOURCES", "[]", "requests and limits"),
        ("PDFJOB_RUNNER_RESOURCES", '{"limit": {"memory": "1Gi"}}', "requests and limits"),
        ("PDFJOB_RUNNER_RESOURCES", '{"limits": "1Gi"}', "requests and limits"),
        ("PDFJOB_RUNNER_RESOURCES", '{"limits": {"memory": "much"}}', "requests and limits"),
        ("PDFJOB_RUNNER_RESOURCES", '{"requests": {"memory": "much"}}', "requests and limits"),
        ("PDFJOB_RUNNER_RESOURCES", '{"requests": {"cpu": "much"}}', "requests and limits"),
        ("PDFJOB_RUNNER_RESOURCES", '{"limits": {"memory": true}}', "requests and limits"),
        ("PDFJOB_RUNNER_RESOURCES", '{"limits": {"memory": ["1Gi"]}}', "requests and limits"),
        ("PDFJOB_RUNNER_RESOURCES", '{"limits": {"memory": NaN}}', "requests and limits"),
        ("PDFJOB_POD_LABELS", "team=books", "labels as a JSON object"),
        ("PDFJOB_POD_LABELS", "[]", "labels as a JSON object"),
        ("PDFJOB_POD_LABELS", '{"team": 7}', "labels as a JSON object"),
    ],
)
def test_an_invalid_variable_is_named_with_its_value_and_what_was_expected(
    variable: str, value: str, expected: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        load_settings(IMAGE | {variable: value})

    message = str(raised.value)
    assert message.startswith(f"{variable} is “{value}”: expected ")
    assert expected in message
    assert message.endswith(".")


@pytest.mark.parametrize("value", ["{", '{"models": {"gemini-x": {"input": "free"}}}', '{"modells": {}}'])
def test_an_invalid_price_table_is_named(value: str) -> None:
    with pytest.raises(SettingsError, match=r"^PDFJOB_PRICES is not a valid price table in JSON: "):
        load_settings(IMAGE | {"PDFJOB_PRICES": value})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PDFJOB_REDIS_URL", "redis:secret@host"),
        ("PDFJOB_REDIS_URL", "https://:secret@host"),
        ("PDFJOB_REDIS_URL", "redis://[secret"),
        ("PDFJOB_GEMINI_BASE_URL", "secret.example.com"),
    ],
)
def test_an_invalid_url_is_named_without_its_value_which_may_contain_a_password(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{variable} is not a valid URL: expected a URL such as ") as raised:
        load_settings(IMAGE | {variable: value})

    assert "secret" not in str(raised.value)


def test_claims_for_single_pdfjobs_are_configured() -> None:
    settings = load_settings(
        IMAGE
        | {
            "PDFJOB_WORKSPACE_CREATE_PER_JOB": "false",
            "PDFJOB_WORKSPACE_SIZE": "7Gi",
            "PDFJOB_WORKSPACE_STORAGE_CLASS": "nfs",
            "PDFJOB_WORKSPACE_ACCESS_MODE": "ReadWriteMany",
            "PDFJOB_WORKSPACE_MAX_SIZE": "1Ti",
            "PDFJOB_WORKSPACE_STORAGE_CLASSES": "nfs,fast",
        }
    )

    assert (settings.create_claims, settings.workspace_size, settings.workspace_storage_class) == (False, "7Gi", "nfs")
    assert (settings.workspace_access_mode, settings.max_workspace_size) == ("ReadWriteMany", "1Ti")
    assert settings.storage_classes == ("nfs", "fast")


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("PDFJOB_WORKSPACE_CREATE_PER_JOB", "maybe"),
        ("PDFJOB_WORKSPACE_SIZE", "0"),
        ("PDFJOB_WORKSPACE_ACCESS_MODE", "ReadWriteOncePod"),
        ("PDFJOB_WORKSPACE_MAX_SIZE", "4GB"),
    ],
)
def test_a_claim_that_cannot_work_is_refused(variable: str, text: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        load_settings(IMAGE | {variable: text})
