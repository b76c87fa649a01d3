"""The connection that Kopf gets."""

import kopf

from pdfjob_operator.triggers.handlers import Connection


def connection(token: str) -> Connection:
    info = kopf.ConnectionInfo(server="http://127.0.0.1:1", token=token)
    return Connection(server=info.server, info=info, began=lambda _: None)


def test_credentials_that_were_rejected_are_known_again() -> None:
    assert connection("one") == connection("one")
    assert connection("one") != connection("another")
    assert "secret" not in repr(connection("secret"))


async def test_each_session_is_a_new_one_because_kopf_closes_them() -> None:
    found = connection("secret")

    first, second = found.aiohttp_session, found.aiohttp_session

    assert first is not second
    assert first.headers["Authorization"] == "Bearer secret"
    await first.close()
    await second.close()
