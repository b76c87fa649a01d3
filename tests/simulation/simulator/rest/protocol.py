"""The API's words: what a request asks for, what the API says of itself, and what is sent for an answer. Pure."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web

from simulation.simulator.faults.call import Call
from simulation.simulator.journal import Change, RefusedError
from simulation.simulator.kinds import KINDS, Kind, Manifest, Ref
from simulation.simulator.rest.selection import Test


_DISCOVERY = Kind("", "", "Discovery", "discovery", namespaced=False)
_VERBS = {"POST": "create", "PUT": "replace", "PATCH": "patch", "DELETE": "delete"}
_PATCH_TYPE = "application/merge-patch+json"


def parse(request: web.BaseRequest, client: str, body: Any) -> Call:
    """What a request asks for."""
    agent, params = request.headers.get("User-Agent", ""), dict(request.query)
    parts = request.path.strip("/").split("/")
    group, version, rest = ("", "".join(parts[1:2]), parts[2:])
    if parts[0] == "apis":
        group, version, rest = "".join(parts[1:2]), "".join(parts[2:3]), parts[3:]
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces":
        namespace, rest = rest[1], rest[2:]
    kinds = [it for it in KINDS if (it.group, it.version, it.plural) == (group, version, "".join(rest[:1]))]
    if not kinds:
        return Call(client, agent, "discover", Ref(_DISCOVERY, "", request.path))
    if request.method == "PATCH" and request.content_type != _PATCH_TYPE:
        raise web.HTTPUnsupportedMediaType(text=f"only {_PATCH_TYPE} is simulated")
    name, subresource = "".join(rest[1:2]), "".join(rest[2:3])
    verb = _VERBS.get(request.method) or ("get" if name else "watch" if "watch" in params else "list")
    ref = Ref(kinds[0], namespace, name or body.get("metadata", {}).get("name", ""))
    return Call(client, agent, verb, ref, subresource, params, body)


def discover(path: str) -> Manifest:
    """The API's description of itself."""
    match path.strip("/").split("/"):
        case ["version"]:
            return {"major": "1", "minor": "34", "gitVersion": "v1.34.0"}
        case ["api"]:
            return {"kind": "APIVersions", "versions": ["v1"]}
        case ["apis"]:
            groups = {it.group: {"groupVersion": it.api_version, "version": it.version} for it in KINDS if it.group}
            listed = [{"name": name, "versions": [it], "preferredVersion": it} for name, it in groups.items()]
            return {"kind": "APIGroupList", "groups": listed}
        case ["api" | "apis", *version] if any(it.api_version == "/".join(version) for it in KINDS):
            kinds = [it for it in KINDS if it.api_version == "/".join(version)]
            resources = [_resource(it, suffix) for it in kinds for suffix in ("", "/status")[: 1 + it.has_status]]
            return {"kind": "APIResourceList", "groupVersion": "/".join(version), "resources": resources}
    raise RefusedError(HTTPStatus.NOT_FOUND, "NotFound", "the server could not find the requested resource")


def _resource(kind: Kind, suffix: str) -> Manifest:
    verbs = ["get", "patch", "update"] + ([] if suffix else ["create", "delete", "list", "watch"])
    return {
        "name": kind.plural + suffix,
        "singularName": kind.name.lower(),
        "kind": kind.name,
        "namespaced": kind.namespaced,
        "verbs": verbs,
    }


def event(call: Call, change: Change, test: Test) -> Manifest | None:
    """What a change is to a watch: an object that stops being selected is deleted to it."""
    if change.ref.kind is not call.ref.kind or not inside(call, change.after):
        return None
    before = change.before is not None and test(change.before)
    after = change.type != "DELETED" and test(change.after)
    if not before and not after:
        return None
    kind = "DELETED" if not after else "MODIFIED" if before else "ADDED"
    return {"type": kind, "object": change.after}


def bookmark(kind: Kind, revision: int) -> Manifest:
    """Tells a watch how far it has come."""
    meta = {"resourceVersion": str(revision)}
    return {"type": "BOOKMARK", "object": {"kind": kind.name, "apiVersion": kind.api_version, "metadata": meta}}


def inside(call: Call, raw: Manifest) -> bool:
    """Whether an object is in the namespace that is asked for."""
    return call.ref.namespace in ("", raw["metadata"].get("namespace"))


def bare(raw: Manifest) -> Manifest:
    """As in a list of a built-in kind."""
    return {key: value for key, value in raw.items() if key not in ("kind", "apiVersion")}


def line(kind: str, raw: Mapping[str, Any]) -> bytes:
    """An event of a watch, as it is sent."""
    return json.dumps({"type": kind, "object": raw}).encode() + b"\n"


def failure(code: int, reason: str, message: str) -> Manifest:
    """A Status that says what went wrong."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": message,
    }


def answer(raw: Manifest, code: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer, with a content type as the API server gives it: lightkube takes no other for the API's own."""
    content = json.dumps(raw).encode()
    return web.Response(body=content, status=code, headers=headers, content_type="application/json")


def status(code: int, reason: str, message: str, retry_after: int | None = None) -> web.Response:
    """An answer that says what went wrong."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return answer(failure(code, reason, message), code, headers)
