"""Background work, signed URLs, access rules, error shapes, hosts."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from audiokit.emulator._app import HostCheck
from audiokit.emulator._body import MAX_JSON_DEPTH, MIB, read_json, save_body
from audiokit.emulator._context import Context
from audiokit.emulator._http import (
    Api,
    HttpError,
    JSONReply,
    account_of,
    context_of,
    file_reply,
    label_problem,
    open_access,
    require_key,
    safe_name,
    signed_access,
    v1_shape,
    v2_shape,
)
from audiokit.emulator._routes import list_routes
from audiokit.emulator._settings import EmulatorSettings
from audiokit.emulator._work import WorkError


async def test_failed_background_work_is_logged_by_name(
    emulator: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A failure is neither lost nor does it harm anything else."""

    async def fails() -> None:
        raise ZeroDivisionError("boom")

    emulator.context.spawn(fails(), "sums")
    await emulator.context.idle()

    assert "background work 'sums' failed" in caplog.text
    assert "boom" in caplog.text


async def test_settle_tells_whether_work_has_finished(emulator: Any) -> None:
    """It waits no longer than it is told to."""
    go = asyncio.Event()
    task = emulator.context.spawn(go.wait(), "waiting")

    assert not await emulator.context.settle(task, 0)
    assert task is emulator.context.running("waiting")
    go.set()
    assert await emulator.context.settle(task, 5)
    await emulator.context.idle()
    assert None is emulator.context.running("waiting")


async def test_closing_cancels_background_work(open_emulator: Any) -> None:
    """Nothing outlives the emulator."""
    async with open_emulator() as emulator:
        task = emulator.context.spawn(asyncio.Event().wait(), "forever")

    assert task.cancelled()


async def test_a_context_that_is_not_open_says_so() -> None:
    """Each of its parts names the remedy."""
    context = Context(EmulatorSettings())

    for part in ("store", "files", "accounts", "work"):
        with pytest.raises(RuntimeError, match="inside `async with`"):
            getattr(context, part)


async def test_the_temporary_folder_goes_in_the_end(open_emulator: Any) -> None:
    """Without --data nothing stays on disk."""
    async with open_emulator() as emulator:
        folder = emulator.context.files.scratch_folder.parent
        await emulator.original()
        assert folder.is_dir()

    assert not folder.exists()


def test_times_are_utc_with_milliseconds_and_z(open_emulator: Any) -> None:
    """As the wire wants them."""
    from audiokit.emulator._context import iso_time

    assert "2026-09-21T14:13:20.250Z" == iso_time(1_790_000_000.25)


@pytest.fixture
async def mini(emulator: Any) -> Any:
    """A small API with one route of each kind, mounted as the real ones are."""

    async def who(request: Request) -> Response:
        return JSONReply({"account": account_of(request)})

    @open_access
    async def sign(request: Request) -> Response:
        method = request.query_params.get("for", "GET")
        return JSONReply(
            {"url": context_of(request).signed_url(request, "/fi les/é", ttl_s=60, method=method)}
        )

    @signed_access
    async def signed(request: Request) -> Response:
        if request.method == "PUT":
            path = context_of(request).files.scratch()
            return JSONReply({"size": await save_body(request, path, limit_bytes=3 * MIB)})
        return JSONReply({"name": request.path_params["name"]})

    @open_access
    async def fail(request: Request) -> Response:
        what = await read_json(request)
        if "work" in what:
            raise WorkError(what["work"], "because")
        if "bug" in what:
            raise ZeroDivisionError("secret path /home/x")
        raise HttpError(400, "field 'x' is wrong", headers={"X-Extra": "1"})

    routes = (
        Route("/who", who, methods=["GET"], name="who"),
        Route("/sign", sign, methods=["GET"], name="sign"),
        Route("/fi les/{name}", signed, methods=["GET", "PUT"], name="signed"),
        Route("/fail", fail, methods=["POST"], name="fail"),
    )
    mounts = []
    for name, shape in (("v1", v1_shape), ("v2", v2_shape)):
        api = Api(name=name, routes=routes, shape=shape, authorise=require_key)
        app = Starlette(routes=api.guarded_routes(), exception_handlers={404: api.http_exception_reply})
        app.state.context = emulator.context
        mounts.append(Mount(f"/{name}", app=app))
    transport = httpx.ASGITransport(app=Starlette(routes=mounts))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:1") as client:
        yield client


async def test_every_handler_needs_a_key_unless_it_says_otherwise(
    mini: httpx.AsyncClient, emulator: Any
) -> None:
    """No key and a wrong key are 403 with a message that does not repeat the key."""
    missing = await mini.get("/v1/who")
    wrong = await mini.get("/v2/who", headers={"x-api-key": "w" * 40})
    right = await mini.get("/v1/who", headers={"x-api-key": emulator.context.accounts.api_key})

    assert (403, 403, 200) == (missing.status_code, wrong.status_code, right.status_code)
    assert "x-api-key is missing" in missing.json()["message"]
    assert "not a key" in wrong.json()["message"]
    assert "w" * 40 not in wrong.text
    assert {"account": "default"} == right.json()
    assert "application/json" == right.headers["content-type"]


async def test_a_signed_url_works_for_its_path_method_and_time_only(
    mini: httpx.AsyncClient, emulator: Any
) -> None:
    """Any change of path, method, expiry or token, and lateness, are refused."""
    url = (await mini.get("/v1/sign")).json()["url"]
    put_url = (await mini.get("/v1/sign?for=PUT")).json()["url"]

    assert url.startswith("http://127.0.0.1:1/v1/fi%20les/%C3%A9?expires=")
    assert {"name": "é"} == (await mini.get(url)).json()
    assert {"size": 3 * MIB} == (await mini.put(put_url, content=b"x" * 3 * MIB)).json()
    tampered = [url.replace("%C3%A9", "e"), url[:-1], url.replace("/v1/", "/v2/"), url.split("?")[0], put_url]
    tampered.append(url.replace("expires=1", "expires=2"))
    for bad in tampered:
        assert 403 == (await mini.get(bad)).status_code
    assert 403 == (await mini.put(url, content=b"x")).status_code
    emulator.clock[0] += 60
    assert 403 == (await mini.get(url)).status_code


async def test_an_upload_past_the_limit_leaves_nothing_behind(mini: httpx.AsyncClient, emulator: Any) -> None:
    """413 by announced size and by real size, and no file stays."""
    put_url = (await mini.get("/v1/sign?for=PUT")).json()["url"]

    async def endless() -> Any:
        for _ in range(4):
            yield b"x" * MIB

    for content in (b"x" * (3 * MIB + 1), endless()):
        reply = await mini.put(put_url, content=content)
        assert (413, ["the body is too large: at most 3145728 bytes are taken"]) == (
            reply.status_code,
            reply.json()["errors"],
        )
    assert [] == list(emulator.context.files.scratch_folder.iterdir())


async def test_errors_take_the_shape_of_their_api(mini: httpx.AsyncClient) -> None:
    """v1 sends errors, v2 message and errors; headers of an error are sent."""
    v1, v2 = await mini.post("/v1/fail", json={}), await mini.post("/v2/fail", json={})

    assert {"errors": ["field 'x' is wrong"]} == v1.json()
    assert {"message": "field 'x' is wrong", "errors": ["field 'x' is wrong"]} == v2.json()
    assert "1" == v1.headers["x-extra"]
    nowhere = await mini.get("/v1/nowhere")
    assert (404, {"errors": ["Not Found"]}) == (nowhere.status_code, nowhere.json())


async def test_refused_audio_is_400_and_broken_workers_are_500(mini: httpx.AsyncClient) -> None:
    """A refusal's reason reaches the caller; what broke inside is for the log."""
    refused = await mini.post("/v1/fail", json={"work": "refused"})
    crashed = await mini.post("/v1/fail", json={"work": "crashed"})

    assert (400, {"errors": ["because"]}) == (refused.status_code, refused.json())
    assert (500, {"errors": ["the emulator failed; see its log"]}) == (crashed.status_code, crashed.json())


async def test_a_bug_is_a_shaped_500_without_internals(
    mini: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the traceback, the reply has not."""
    with caplog.at_level(logging.ERROR):
        reply = await mini.post("/v1/fail", json={"bug": 1})

    assert (500, {"errors": ["the emulator failed on this call; its log says why"]}) == (
        reply.status_code,
        reply.json(),
    )
    assert "secret path" in caplog.text


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"\xff"])
async def test_a_body_that_is_no_json_object_is_400(mini: httpx.AsyncClient, body: bytes) -> None:
    """Never a 500."""
    assert 400 == (await mini.post("/v1/fail", content=body)).status_code


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8900", 200),
        ("localhost", 200),
        ("LOCALHOST:1", 200),
        ("[::1]:8900", 200),
        ("evil.example:8900", 421),
        ("127.0.0.1.evil.example", 421),
        ("[::1", 421),
        ("", 421),
    ],
)
async def test_only_local_host_names_are_served(host: str, status: int) -> None:
    """A web page that points its own name at this machine gets nothing."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await JSONReply({})(scope, receive, send)

    allowed = frozenset({"127.0.0.1", "localhost", "::1"})
    transport = httpx.ASGITransport(app=HostCheck(app, allowed=allowed))
    async with httpx.AsyncClient(transport=transport) as client:
        reply = await client.get("http://127.0.0.1:8900/", headers={"host": host})

    assert status == reply.status_code


async def test_the_mounted_apps_answer_in_their_own_shapes(emulator: Any) -> None:
    """A wrong path and a wrong method are JSON in every API."""
    async with emulator.new_client(api="apiaudio") as v1:
        assert (404, ["errors"]) == await _status_and_keys(v1, "GET", "/no/such/path")
    async with emulator.new_client(api="audiostack") as v2:
        assert (404, ["errors", "message"]) == await _status_and_keys(v2, "GET", "/no/such/path")
    async with emulator.new_client(api="") as outside:
        told = await outside.get("/api/projects")
        assert (404, True) == (told.status_code, "/apiaudio, /audiostack, /respeecher" in told.text)
    assert (405, ["detail"]) == await _status_and_keys(emulator.client, "PATCH", "/api/credits")


async def _status_and_keys(client: httpx.AsyncClient, method: str, path: str) -> tuple[int, list[str]]:
    reply = await client.request(method, path)
    return reply.status_code, sorted(reply.json())


def test_routes_are_listed_without_converters() -> None:
    """Paths show plain parameters, and no operation is listed twice."""
    listed = list_routes()
    keys = [(r["api"], r["method"], r["path"]) for r in listed]

    assert ("respeecher", "GET", "/api/{file_url}") in keys
    assert ("respeecher", "GET", "/api/v2/voices") in keys
    assert len(keys) == len(set(keys))
    assert not [k for k in keys if ":" in k[2] or k[1] == "HEAD"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("take 1.wav", "take 1.wav"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/", "file"),
        ("..", "file"),
        ("", "file"),
        ("a\r\nSet-Cookie: x", "a_Set-Cookie_ x"),
        ('q"uote.wav', "q_uote.wav"),
        ("żółw.wav", "w.wav"),
        ("x" * 200, "x" * 80),
    ],
)
def test_names_from_clients_become_harmless(name: str, safe: str) -> None:
    """No folder, control character, quote or leading dot survives."""
    assert safe == safe_name(name)


def test_labels_are_free_by_default_and_narrow_when_strict() -> None:
    """Forty of any characters, or the gateway's set."""
    assert None is label_problem("ü/../\x00" * 6, strict=False)
    assert "at most 40 characters, got 41" in str(label_problem("x" * 41, strict=False))
    assert "letters, digits, space and hyphen" in str(label_problem("a_b", strict=True))
    assert None is label_problem("Take 1-b", strict=True)


def test_a_file_that_is_gone_is_404(tmp_path: Any) -> None:
    """Rather than a broken reply."""
    with pytest.raises(HttpError, match="no longer there"):
        file_reply(tmp_path / "gone", name="x.wav")


async def test_a_relative_data_folder_makes_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Worker processes, which have another working directory, find the emulator's files."""
    monkeypatch.chdir(tmp_path)
    async with Context(EmulatorSettings(data=Path("kept"))) as context:
        out = context.files.scratch(".wav")
        await context.work.run(
            "speak", out=str(out), items=[{"text": "Hello", "voice": "gmw/en-US", "f0_hz": None}]
        )

        assert (True, tmp_path / "kept" / "scratch") == (out.is_file(), out.parent)


@pytest.mark.parametrize("below", ["", "inner"])
async def test_a_file_as_data_folder_is_named(tmp_path: Path, below: str) -> None:
    """The message says which path is wrong and what it must be, also when a folder above it is the file."""
    (tmp_path / "taken").write_text("")
    data = tmp_path / "taken" / below

    with pytest.raises(NotADirectoryError, match=r"taken.* is a file; data must name a folder"):
        async with Context(EmulatorSettings(data=data)):
            pass


async def test_json_is_taken_to_its_depth_and_refused_beyond(mini: httpx.AsyncClient) -> None:
    """Bodies at the limit are read; one level more is a 400 in the API's shape."""
    inner = MAX_JSON_DEPTH - 1
    deepest = await mini.post("/v1/fail", content=b'{"a":' + b"[" * inner + b"]" * inner + b"}")
    deeper = await mini.post("/v1/fail", content=b'{"a":' + b"[" * (inner + 1) + b"]" * (inner + 1) + b"}")

    assert ["field 'x' is wrong"] == deepest.json()["errors"]  # it was read; the handler refuses all
    assert (400, ["errors"]) == (deeper.status_code, list(deeper.json()))
    assert f"deeper than {MAX_JSON_DEPTH} levels" in deeper.text
