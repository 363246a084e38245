"""The listener on a real loopback port: HTTP, handshakes, messages, and clients that misbehave."""

import asyncio
import contextlib
import http.client
import json
import socket
import time

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bridge import rpc
from bridge.control import server as listener
from bridge.control.access import Gate
from bridge.control.http import Site
from bridge.control.server import ControlServer
from bridge.document import asyncapi

TOKEN = "a-token-of-twenty-characters-or-more"


@contextlib.asynccontextmanager
async def listening(stage):
    """A server around a stage; yields its port."""
    site = Site(lambda: {"ok": True}, stage.money.prometheus, asyncapi, stage.library.exported)
    server = ControlServer(
        Gate(0, TOKEN), site, stage.methods.call, lambda: {"server": "drumbridge"}, stage.events.drop
    )
    port = await server.open(("127.0.0.1",), 0)
    try:
        yield port
    finally:
        await server.close()


def ws(port, **headers):
    """A client with the token."""
    return connect(
        f"ws://127.0.0.1:{port}/ws", additional_headers={"Authorization": f"Bearer {TOKEN}", **headers},
        compression=None, proxy=None, max_size=None,
    )  # fmt: skip


def serve(stage, work):
    """Run `work(port)` against a listening stage."""

    async def main():
        async with listening(stage) as port:
            return await work(port)

    return asyncio.run(main())


def fetch(stage, *requests):
    """Send plain HTTP requests (method, path, headers); return (status, headers, body) of each."""

    def one(port, method, path, headers):
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        line.putrequest(method, path.replace("PORT", str(port)), skip_host=True, skip_accept_encoding=True)
        for name, value in {"Host": f"127.0.0.1:{port}", **headers}.items():
            for item in value if isinstance(value, list) else [value]:
                line.putheader(name, item.replace("PORT", str(port)))
        line.endheaders()
        answer = line.getresponse()
        out = answer.status, dict(answer.getheaders()), answer.read()
        line.close()
        return out

    async def all_of(port):
        return [await asyncio.to_thread(one, port, *request) for request in requests]

    return serve(stage, all_of)


OWNER = {"Authorization": f"Bearer {TOKEN}"}


def test_health_needs_no_token_and_everything_else_but_the_page_does(stage):
    """Monitoring can look; metrics, documents, exports and the socket are the owner's."""
    paths = ("/healthz", "/metrics", "/api/asyncapi.json", "/exports/x.mid", "/ws", "/nothing")

    without = [status for status, _, _ in fetch(stage, *(("GET", path, {}) for path in paths))]
    owner = [status for status, _, _ in fetch(stage, *(("GET", path, OWNER) for path in paths))]

    assert without == [200, 401, 401, 401, 401, 401]
    assert owner == [200, 200, 200, 404, 426, 404]


def test_the_order_of_access_is_host_origin_token(stage):
    """Each wall stands before the next: a foreign host learns nothing about tokens."""
    cases = (
        {"Host": "evil.example", "Origin": "http://evil.example", **OWNER},
        {"Origin": "http://evil.example", **OWNER},
        {"Origin": "null", **OWNER},
        {"Authorization": "Bearer wrong"},
        {"Origin": "http://127.0.0.1:PORT", **OWNER},
    )

    statuses = [status for status, _, _ in fetch(stage, *(("GET", "/metrics", headers) for headers in cases))]

    assert statuses == [421, 403, 403, 401, 200]


def test_a_request_in_absolute_form_names_its_host_twice(stage):
    """Proxies and rebound pages may write the whole address; each name in it must be ours."""
    cases = (
        ("http://evil.example/metrics", {"Host": "evil.example", **OWNER}),
        ("http://evil.example/metrics", OWNER),
        ("http://evil.example", {}),
        ("http://user@127.0.0.1:PORT/healthz", {}),
        ("http://127.0.0.1:PORT/metrics", {"Host": "evil.example", **OWNER}),
        ("http://127.0.0.1:PORT/metrics", {"Origin": "null", **OWNER}),
        ("http://127.0.0.1:PORT/metrics", {}),
        ("http://LOCALHOST:PORT/metrics", OWNER),
        ("http://127.0.0.1:PORT", {}),
        ("http://127.0.0.1:PORT?x=/y", {}),
        ("http://evil.example?x=//127.0.0.1:PORT/", {}),
    )

    statuses = [status for status, _, _ in fetch(stage, *(("GET", *case) for case in cases))]

    assert statuses == [421, 421, 421, 421, 421, 403, 401, 200, 200, 200, 421]


def test_every_answer_carries_the_headers_that_keep_a_page_in_its_place(stage):
    """Policy, nosniff, no referrer and no server name, on errors too."""
    for _, headers, _ in fetch(stage, ("GET", "/healthz", {}), ("GET", "/metrics", {}), ("GET", "/x", OWNER)):
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "Server" not in headers


def test_a_window_that_another_site_opened_is_cut_off_from_it(stage):
    """Who comes by himself gets the page without that, which costs a browser a process."""
    led_by = ["none", "same-origin", "same-site", "cross-site", ["none", "cross-site"], []]
    answers = fetch(stage, *(("GET", "/", {"Sec-Fetch-Site": one}) for one in led_by))

    cut = [headers.get("Cross-Origin-Opener-Policy") for _, headers, _ in answers]
    assert cut == [None, None, *["same-origin"] * 4]
    assert {headers["Vary"] for _, headers, _ in answers} == {"Sec-Fetch-Site"}


def test_only_get_and_head_are_answered(stage):
    """A form of another page cannot post, and HEAD has the length without the body."""
    post, head = fetch(stage, ("POST", "/healthz", {}), ("HEAD", "/healthz", {}))

    assert post[0] == 405
    assert head[0] == 200
    assert int(head[1]["Content-Length"]) > 0
    assert head[2] == b""


@pytest.mark.parametrize(
    "path", ["/exports/..%2ftoken.mid", "/exports/../token", "/../token", "/exports/%00.mid", "//token"]
)
def test_no_path_leads_out(stage, path):
    """Names only: nothing that a client sends becomes a path."""
    assert fetch(stage, ("GET", path, OWNER))[0][0] == 404


def test_an_export_is_downloaded_under_its_name(stage):
    """A browser saves it as what it is."""
    stage.library.export("my-groove", b"MThd")

    status, headers, body = fetch(stage, ("GET", "/exports/my-groove.mid", OWNER))[0]

    assert (status, body) == (200, b"MThd")
    assert headers["Content-Disposition"] == 'attachment; filename="my-groove.mid"'


def test_the_first_message_is_hello_and_only_our_protocol_is_echoed(stage):
    """A browser offers the token as a subprotocol and never gets it back."""

    async def hello(port):
        async with connect(
            f"ws://127.0.0.1:{port}/ws", subprotocols=["drumbridge.v1", f"drumbridge.auth.{TOKEN}"],
            origin=f"http://127.0.0.1:{port}", proxy=None,
        ) as line:  # fmt: skip
            return line.subprotocol, json.loads(await line.recv())

    protocol_, message = serve(stage, hello)

    assert protocol_ == "drumbridge.v1"
    assert message == {"jsonrpc": "2.0", "method": "hello", "params": {"server": "drumbridge"}}


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}, {"Authorization": "Bearer x"}],
)
def test_no_stranger_gets_a_socket(stage, headers):
    """The upgrade itself is refused, before any message."""

    async def try_it(port):
        where = headers.get("Host", f"127.0.0.1:{port}")
        extra = {**OWNER, **{name: value for name, value in headers.items() if name != "Host"}}
        with pytest.raises(InvalidStatus) as caught:
            await connect(f"ws://{where}/ws", host="127.0.0.1", port=port, additional_headers=extra, proxy=None)
        return caught.value.response.status_code

    assert serve(stage, try_it) in {401, 403, 421}


def test_subscribe_is_answered_before_its_snapshot(stage):
    """The contract's session, step by step."""

    async def talk(port):
        async with ws(port) as line:
            await line.recv()
            params = {"topics": ["jobs", "player"], "sub": "me"}
            await line.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "subscribe", "params": params}))
            return [json.loads(await line.recv()) for _ in range(3)]

    answer, first, second = serve(stage, talk)

    assert answer == {"jsonrpc": "2.0", "id": 1, "result": {"sub": "me"}}
    assert {first["params"]["topic"], second["params"]["topic"]} == {"player", "jobs"}
    assert first["params"]["sub"] == "me"


def test_calls_of_one_client_overlap(stage):
    """A job.wait that takes its time does not hold up a ping behind it."""

    async def talk(port):
        answered = asyncio.Event()
        async with ws(port) as line:
            await line.recv()
            calls = (("job.wait", {"job": "j-1", "timeout_s": 30.0}), ("ping", {}))
            stage.jobs.begin(lambda _: answered.wait())
            for number, (method, params) in enumerate(calls):
                await line.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}))
            first = json.loads(await line.recv())["id"]
            answered.set()
            return [first, json.loads(await line.recv())["id"]]

    assert serve(stage, talk) == [1, 0]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", -32700),
        ('{"jsonrpc":"2.0","id":1,"method":"set","params":{"tempo":NaN}}', -32700),
        ("[]", -32600),
        ('"hello"', -32600),
        ('{"jsonrpc":"2.0","id":1,"method":"explode"}', -32601),
        ('{"jsonrpc":"2.0","id":1,"method":"set","params":{"tempo":true}}', -32602),
    ],
)
def test_a_bad_message_gets_an_error_and_the_socket_stays(stage, text, code):
    """One mistake costs one answer; the next request is served."""

    async def talk(port):
        async with ws(port) as line:
            await line.recv()
            await line.send(text)
            bad = json.loads(await line.recv())
            await line.send('{"jsonrpc":"2.0","id":2,"method":"ping"}')
            return bad, json.loads(await line.recv())

    bad, good = serve(stage, talk)

    assert bad["error"]["code"] == code
    assert good["result"]["t"] == stage.now


def test_a_batch_is_answered_with_one_array(stage):
    """As JSON-RPC 2.0 has it: an answer for each request, none for a notification, in one message."""

    async def talk(port):
        async with ws(port) as line:
            await line.recv()
            batch = [{"jsonrpc": "2.0", "id": n, "method": "ping"} for n in range(3)]
            await line.send(json.dumps([*batch, {"jsonrpc": "2.0", "method": "ping"}, 5]))
            return json.loads(await line.recv())

    answers = serve(stage, talk)

    assert [answer["id"] for answer in answers] == [0, 1, 2, None]
    assert answers[3]["error"]["code"] == -32600


def test_a_polite_client_may_ask_much_at_once(stage):
    """Hundreds of answers of patterns in one turn of the loop reach a client that reads."""

    async def talk(port):
        async with ws(port) as line:
            await line.recv()
            job = stage.jobs.generate(stage.session.request({"genre": "rock", "bars": 16}), "never", source="socket")
            await job.ended.wait()
            for n in range(300):
                await line.send(json.dumps({"jsonrpc": "2.0", "id": n, "method": "job.get", "params": {"job": job.id}}))
            return [json.loads(await line.recv())["result"]["state"] for _ in range(300)]

    assert serve(stage, talk) == ["done"] * 300


async def listen(line, said):
    """Keep all that a socket says until it closes."""
    while True:
        said.append(json.loads(await line.recv()))


def test_binary_and_oversized_messages_end_the_socket_that_sent_them(stage):
    """Text only, 4 MiB at most, and who sent more is told so; the others go on."""

    async def talk(port):
        codes, said = [], []
        async with ws(port) as bystander:
            for message in (b"\0\1", "x" * (rpc.MAX_MESSAGE + 1)):
                line = await ws(port)
                await line.recv()
                await line.send(message)
                with pytest.raises(ConnectionClosed) as caught:
                    await listen(line, said)
                codes.append(caught.value.rcvd.code if caught.value.rcvd else None)
            await bystander.recv()
            await bystander.send('{"jsonrpc":"2.0","id":2,"method":"ping"}')
            return codes, said, json.loads(await bystander.recv())

    codes, said, answer = serve(stage, talk)

    assert codes == [1003, 1009]
    assert [(one["id"], one["error"]["data"]["code"]) for one in said] == [(None, "too_large")]
    assert said[0]["error"]["data"]["hint"]
    assert answer["id"] == 2


def test_a_client_too_many_is_turned_away(stage, monkeypatch):
    """A full house answers 503 and keeps serving those inside."""
    monkeypatch.setattr(listener, "MAX_CLIENTS", 2)

    async def talk(port):
        async with ws(port), ws(port):
            with pytest.raises(InvalidStatus) as caught:
                async with ws(port):
                    pass
            return caught.value.response.status_code

    assert serve(stage, talk) == 503


def test_a_client_that_never_reads_is_dropped_and_forgotten(stage):
    """What it does not read is bounded, and its subscription ends with it."""

    async def talk(port):
        line = await ws(port)
        await line.recv()
        await line.send(
            json.dumps({"jsonrpc": "2.0", "id": 1, "method": "subscribe", "params": {"topics": ["midi"], "sub": "a"}})
        )
        for _ in range(2):
            await line.recv()
        line.transport.pause_reading()
        raw = line.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        async with asyncio.timeout(20):
            while stage.events.wanted("midi"):
                stage.events.publish("midi", {"filler": "x" * 65536})
                await asyncio.sleep(0)
        line.transport.abort()
        return True

    assert serve(stage, talk)


def test_a_thousand_subscribes_on_one_socket_are_bounded(stage):
    """One client holds 64 names at most; the answer says so."""

    async def talk(port):
        async with ws(port) as line:
            await line.recv()
            for n in range(100):
                params = {"topics": ["alerts"], "sub": f"s{n}"}
                await line.send(json.dumps({"jsonrpc": "2.0", "id": n, "method": "subscribe", "params": params}))
            answers = {}
            while len(answers) < 100:
                message = json.loads(await line.recv())
                if "id" in message:
                    answers[message["id"]] = message
            return [n for n, message in answers.items() if "error" in message], answers[99]

    refused, last = serve(stage, talk)

    assert len(refused) == 36
    assert last["error"]["data"]["code"] == "busy"


def test_a_flood_of_costly_calls_holds_up_nobody_else(stage, monkeypatch):
    """Others get their turn between one client's calls, not after all of them."""
    done = []

    async def costly(method, params, client):
        if method == "ping":
            return len(done)
        time.sleep(0.001)
        done.append(method)
        return {}

    monkeypatch.setattr(stage.methods, "call", costly)

    async def work(port):
        async with ws(port) as crowd, ws(port) as other:
            await crowd.recv()
            await other.recv()
            whole = '{"jsonrpc":"2.0","id":1,"method":"vary"}'
            for _ in range(400):
                await crowd.send(whole)
            await other.send('{"jsonrpc":"2.0","id":2,"method":"ping"}')
            before = json.loads(await other.recv())["result"]
            for _ in range(400):
                assert "result" in json.loads(await crowd.recv())
            return before

    assert serve(stage, work) < 200


def test_batches_of_many_clients_wait_for_each_other_call_by_call(stage, monkeypatch):
    """Each client has one call in the row: who asks one thing waits for one of each, not for whole batches."""
    done = []

    async def costly(method, params, client):
        if method == "ping":
            return len(done)
        time.sleep(0.001)
        done.append(client.number)
        return {}

    monkeypatch.setattr(stage.methods, "call", costly)

    async def work(port):
        async with contextlib.AsyncExitStack() as lines:
            crowd = [await lines.enter_async_context(ws(port)) for _ in range(5)]
            other = await lines.enter_async_context(ws(port))
            for line in (*crowd, other):
                await line.recv()
            whole = json.dumps([{"jsonrpc": "2.0", "id": n, "method": "vary"} for n in range(60)])
            for line in crowd:
                await line.send(whole)
                await line.send(whole)
            await other.send('{"jsonrpc":"2.0","id":2,"method":"ping"}')
            before = json.loads(await other.recv())["result"]
            for line in crowd * 2:
                assert len(json.loads(await line.recv())) == 60
            return before

    before = serve(stage, work)
    assert before < 300
    assert max(done.count(number) for number in set(done)) == 120
    middle = done[200:300]
    assert max(middle.count(number) for number in set(done)) < 40  # all five by turns, none ahead of the others


def test_what_was_sent_before_the_goodbye_is_done(stage, monkeypatch):
    """A script may send its calls and close: each is done, in order, though it takes some turns."""
    done: list[int] = []
    last = asyncio.Event()

    async def slow(_method, params, _client):
        for _ in range(20):
            await asyncio.sleep(0)
        done.append(params["n"])
        if params["n"] == 7:
            last.set()
        return {}

    monkeypatch.setattr(stage.methods, "call", slow)

    async def work(port):
        async with ws(port) as script:
            await script.recv()
            for number in range(8):
                await script.send(json.dumps({"jsonrpc": "2.0", "method": "set", "params": {"n": number}}))
            await script.close()
        async with asyncio.timeout(30):
            await last.wait()

    serve(stage, work)

    assert done == [*range(8)]
