import pytest

from pdfjob_operator.api.paths import resource_of


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        ("/api/v1/namespaces/books", "namespaces"),
        ("/api/v1/namespaces/books/pods", "pods"),
        ("/apis/batch/v1/namespaces/books/jobs/germinal", "jobs"),
        ("/apis/pdfjob.dev/v1alpha1/namespaces/books/pdfjobs/germinal/status", "pdfjobs/status"),
        ("/k8s/clusters/c-1/api/v1/namespaces/books/pods/a-name", "pods"),
        ("/apis/batch/v1/namespaces/books/jobs/a/b/c", "other"),
        ("/api/v1/namespaces/books/secrets", "other"),
        ("/version", "other"),
        ("/api/v1", "other"),
    ],
)
def test_a_path_is_counted_without_a_name_in_it(path: str, resource: str) -> None:
    assert resource_of(path) == resource
