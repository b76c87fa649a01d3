"""The API server: HTTP in front of a `Store`, with faults in between.

Knows what is asked for, and nothing of what it is for.
"""

import asyncio
from collections import Counter
from http import HTTPStatus
from typing import Any

from aiohttp import web

from simulation.simulator.faults.call import Answer, Break, Call, Delay, Effect, Error
from simulation.simulator.faults.faults import Faults
from simulation.simulator.journal import By, Change, How, RefusedError
from simulation.simulator.kinds import Manifest
from simulation.simulator.rest.protocol import (
    answer,
    bare,
    bookmark,
    discover,
    event,
    failure,
    inside,
    line,
    parse,
    status,
)
from simulation.simulator.rest.selection import selected
from simulation.simulator.store import Store


BOOKMARK_SECONDS = 60
WATCH_SECONDS = 1800
"""How long a watch lasts that asks for nothing else."""

CALLS_PER_SECOND = 100
"""More than these wait: a client that never pauses must not stop the clock."""


class ApiServer:
    """The API server.

    Attributes:
        store: What it serves.
        faults: What goes wrong.
        calls: Every request, in order.
        codes: How many were answered with which code; 0 for none at all.
        seconds: How many there were in each second.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.faults = Faults()
        self.calls: list[Call] = []
        self.codes: Counter[int] = Counter()
        self.seconds: Counter[int] = Counter()

    async def handle(self, request: web.BaseRequest, client: str, body: Any) -> web.StreamResponse | None:
        """Answer a request; `None` for no answer."""
        call = parse(request, client, body)
        self.calls.append(call)
        await self._queue()
        code = 0
        try:
            response = await self._answer(request, call)
            code = 0 if response is None else response.status
        finally:  # also when the client gave up
            self.codes[code] += 1
        return response

    async def _queue(self) -> None:
        """Wait for the next second in which there is room."""
        loop = asyncio.get_running_loop()
        while self.seconds[second := int(loop.time())] >= CALLS_PER_SECOND:  # noqa: ASYNC110 (the clock is what it waits for)
            await asyncio.sleep(second + 1 - loop.time())
        self.seconds[second] += 1

    async def _answer(self, request: web.BaseRequest, call: Call) -> web.StreamResponse | None:
        if (spoilt := self.faults.before(call)) is not None:
            return await _spoil(spoilt)
        try:
            if call.verb == "watch":
                return await self._watch(request, call)
            response = answer(self._serve(call), 201 if call.verb == "create" else 200)
        except RefusedError as error:
            response = status(error.code, error.reason, error.message)
        if (spoilt := self.faults.after(call)) is not None:
            return await _spoil(spoilt)
        return response

    def _serve(self, call: Call) -> Manifest:
        """Carry out a call."""
        ref, by = call.ref, By(call.client, call.agent)
        if call.verb == "discover":
            return discover(ref.name)
        if call.verb == "get":
            revision = self.faults.revision(call, self.store.revision)
            if revision == self.store.revision:
                return self.store.get(ref)
            if (raw := self.store.past(ref.kind, revision).get(ref)) is None:
                raise RefusedError(HTTPStatus.NOT_FOUND, "NotFound", f"{ref} not found")
            return raw
        if call.verb == "list":
            return self._list(call)
        if call.verb == "create":
            return self.store.create(ref, call.body, by)
        if call.verb == "delete":
            conditions = call.body.get("preconditions") or {}
            version = conditions.get("resourceVersion")
            self.store.delete(ref, How("delete", by=by), uid=conditions.get("uid"), version=version)
            return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
        write = self.store.patch if call.verb == "patch" else self.store.replace
        return write(ref, call.body, How(call.verb, call.subresource, by))

    def _list(self, call: Call) -> Manifest:
        kind, params = call.ref.kind, call.params
        revision, begin = self.faults.revision(call, self.store.revision), 0
        if token := params.get("continue"):
            revision, begin = (int(part) for part in token.split(":"))
        test = selected(params.get("labelSelector", ""), params.get("fieldSelector", ""))
        past = self.store.past(kind, revision).values()
        found = [raw for raw in past if inside(call, raw) and test(raw)]
        end = begin + (int(params.get("limit", 0)) or len(found))
        items = [bare(raw) if kind.schema is None else raw for raw in found[begin:end]]
        meta: dict[str, Any] = {"resourceVersion": str(revision)}
        if end < len(found):
            meta |= {"continue": f"{revision}:{end}", "remainingItemCount": len(found) - end}
        return {"kind": f"{kind.name}List", "apiVersion": kind.api_version, "metadata": meta, "items": items}

    async def _watch(self, request: web.BaseRequest, call: Call) -> web.StreamResponse:
        since = int(call.params.get("resourceVersion") or 0)
        if 0 < since < self.store.compacted:
            raise RefusedError(HTTPStatus.GONE, "Expired", f"too old resource version: {since}")
        stream = web.StreamResponse(headers={"Content-Type": "application/json"})
        stream.enable_chunked_encoding()
        await stream.prepare(request)
        try:
            await self._send(stream, call, since or await self._begin(stream, call))
            await stream.write_eof()
        except ConnectionResetError:
            pass  # the client has gone
        return stream

    async def _begin(self, stream: web.StreamResponse, call: Call) -> int:
        """Send what is there, for a watch that names no revision; returns the revision from which to go on."""
        test = selected(call.params.get("labelSelector", ""), call.params.get("fieldSelector", ""))
        revision = self.store.revision
        for raw in self.store.all(call.ref.kind, call.ref.namespace):
            if test(raw):
                await stream.write(line("ADDED", raw))
        return revision

    async def _send(self, stream: web.StreamResponse, call: Call, position: int) -> None:
        """Send what happens after a revision, until the watch ends."""
        loop = asyncio.get_running_loop()
        test = selected(call.params.get("labelSelector", ""), call.params.get("fieldSelector", ""))
        end = loop.time() + float(call.params.get("timeoutSeconds") or WATCH_SECONDS)
        due = loop.time() + BOOKMARK_SECONDS
        if not await self._go_on(stream, call, None, {}):
            return
        while loop.time() < end:
            for change in self.store.since(position):
                position = change.revision
                if not await self._go_on(stream, call, change, event(call, change, test)):
                    return
            if loop.time() >= due:
                due += BOOKMARK_SECONDS
                if not await self._go_on(stream, call, None, bookmark(call.ref.kind, position)):
                    return
            if self.store.revision == position:
                await self._wait(min(due, end))

    async def _wait(self, end: float) -> None:
        """Wait for a change, at most until then."""
        try:
            async with asyncio.timeout_at(end):
                await self.store.change()
        except TimeoutError:
            pass

    async def _go_on(
        self, stream: web.StreamResponse, call: Call, change: Change | None, sent: Manifest | None
    ) -> bool:
        """Send an event as the faults allow it, if it is one to this watch; returns whether the watch goes on."""
        if sent is None:
            return True
        effect = self.faults.stream(call, change)
        match effect:
            case Effect.CLOSE:
                return False
            case Effect.SILENCE:
                await asyncio.Event().wait()  # until the client gives up
            case Error(code=code, reason=reason):
                await stream.write(line("ERROR", failure(code, reason, "simulated")))
                return False
            case Delay(seconds=seconds):
                await asyncio.sleep(seconds)
        copies = 0 if effect is Effect.DROP or not sent else 2 if effect is Effect.TWICE else 1
        for _ in range(copies):
            await stream.write(line(sent["type"], sent["object"]))
        return True


async def _spoil(spoilt: Answer) -> web.Response | None:
    match spoilt:
        case Break.HANG:
            await asyncio.Event().wait()  # until the client gives up
        case Error(code=code, reason=reason, retry_after=seconds):
            return status(code, reason, "simulated", seconds)
    return None
