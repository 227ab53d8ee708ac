"""The one port that is open to others: it lets parties in, and passes Flower's messages on to the SuperLink.

    GET  /fedlab/authority       the certificate authority; a party compares it with the fingerprint in its code
    GET  /fedlab/invitation      with a token: what would run at the party, and what would leave it
    GET  /fedlab/news            with a token: how far the run is
    POST /fedlab/join            with a token: a party's key, name and number of examples; its number comes back
    POST /v1/fleet/CALL          Flower's messages, from nodes whose keys came with a token; CALL is one of `CALLS`

Everything else is refused. Flower's SuperLink has its other services on the same port as these: by one of them anybody
may start programs at all nodes. So it listens on loopback only, and this stands before it.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fedlab.network import certificates
from fedlab.text import say

TOKEN = "x-fedlab-token"
NODE_KEY = "flwr-public-key"  # the header in which a node of Flower's says who it is
CALLS = (  # what Flower's nodes say; taken by name, since "../control/start-run" would lead elsewhere
    "register-node", "activate-node", "deactivate-node", "unregister-node", "send-node-heartbeat", "pull-messages",
    "push-messages", "get-run", "get-fab", "push-object", "pull-object", "confirm-message-received",
)  # fmt: skip
MOST = 10_000  # bytes that a party may say of itself
OF_THE_WAY = ("content-length", "transfer-encoding", "connection")  # headers that belong to one connection
OF_THE_REQUEST, OF_THE_ANSWER = (*OF_THE_WAY, "host"), (*OF_THE_WAY, "content-encoding", "server", "date")


class Refusal(ValueError):
    """The server does not let a party in; the text says why."""


class Front:
    """A small web server on a thread of its own.

    invited, news: give the invitation for a token, and how far the run is. let_in: takes a token and what a party says
    of itself, and gives its number. They raise `Refusal`. knows: whether this is the key of a node that was let in.
    told: gets a sentence about each who is turned away. seen: gets the key of a node each time that it says something.
    """

    def __init__(
        self,
        folder: Path,
        host: str,
        port: int,
        superlink: str,
        invited: Callable[[str], dict[str, Any]],
        news: Callable[[str], dict[str, Any]],
        let_in: Callable[[str, dict[str, Any]], dict[str, Any]],
        knows: Callable[[bytes], bool],
        told: Callable[[str], None],
        seen: Callable[[bytes], None],
    ):
        self.invited, self.news, self.let_in = invited, news, let_in
        self.knows, self.told, self.seen = knows, told, seen
        self.authority = (folder / certificates.AUTHORITY).read_bytes()
        self.superlink = httpx.AsyncClient(
            base_url=superlink, verify=certificates.trusting(self.authority), timeout=120, trust_env=False,
            limits=httpx.Limits(keepalive_expiry=2),  # before the SuperLink hangs up, after 5
        )  # fmt: skip
        routes = [
            Route("/fedlab/authority", self._authority),
            Route("/fedlab/invitation", self._invitation),
            Route("/fedlab/news", self._news),
            Route("/fedlab/join", self._join, methods=["POST"]),
            Route("/v1/fleet/{call}", self._pass_on, methods=["POST"]),
        ]
        config = uvicorn.Config(
            Starlette(routes=routes), host=host, port=port, log_level="critical", access_log=False, ws="none",
            ssl_certfile=folder / certificates.CERTIFICATE, ssl_keyfile=folder / certificates.KEY,
            timeout_graceful_shutdown=2,
        )  # fmt: skip
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, name="fedlab front", daemon=True)

    def open(self) -> int:
        """Listen; the port. `OSError` if it cannot."""
        self.thread.start()
        while not self.server.started:
            if not self.thread.is_alive():
                raise OSError(say("the port is taken, or the address is none of this machine's"))
            time.sleep(0.02)
        return int(self.server.servers[0].sockets[0].getsockname()[1])

    def close(self) -> None:
        self.server.should_exit = True
        self.thread.join(5)

    async def _authority(self, request: Request) -> Response:
        return Response(self.authority, media_type="application/x-pem-file")

    async def _invitation(self, request: Request) -> Response:
        return self._answered(request, lambda: self.invited(request.headers.get(TOKEN, "")))

    async def _news(self, request: Request) -> Response:
        return self._answered(request, lambda: self.news(request.headers.get(TOKEN, "")))

    async def _join(self, request: Request) -> Response:
        said = b""
        async for part in request.stream():
            said += part
            if len(said) > MOST:
                return Response(status_code=413)
        try:
            about = json.loads(said)
            assert isinstance(about, dict)
        except (ValueError, AssertionError):
            return Response(status_code=400)
        token = request.headers.get(TOKEN, "")
        return await run_in_threadpool(self._answered, request, lambda: self.let_in(token, about))

    def _answered(self, request: Request, answer: Callable[[], dict[str, Any]]) -> Response:
        try:
            return JSONResponse(answer())
        except ValueError as refusal:  # a `Refusal`, or Flower's
            self.told(say("{who} was turned away: {reason}", who=_who(request), reason=refusal))
            return JSONResponse({"refused": str(refusal)}, status_code=403)

    async def _pass_on(self, request: Request) -> Response:
        call = request.path_params["call"]
        if call not in CALLS:
            return Response(status_code=404)
        try:
            key = base64.b64decode(request.headers.get(NODE_KEY, ""), validate=True)
        except ValueError:
            key = b""
        if not self.knows(key):
            self.told(say("{who} was turned away: its key is unknown.", who=_who(request)))
            return Response(status_code=403)
        self.seen(key)
        headers = [(name, value) for name, value in request.headers.items() if name not in OF_THE_REQUEST]
        try:
            answer = await self.superlink.post(f"/v1/fleet/{call}", content=await request.body(), headers=headers)
        except httpx.TransportError:
            return Response(status_code=503)  # a node tries again later
        kept = {name: value for name, value in answer.headers.items() if name not in OF_THE_ANSWER}
        return Response(answer.content, answer.status_code, kept)


def _who(request: Request) -> str:
    return request.client.host if request.client else say("somebody")
