"""Flower's SuperNode, with two things added.

It runs no app but the one that the party's owner has approved. And it looks for messages each second, where Flower
waits for three: a round waits for the last of its parties.

    python -m fedlab.network.supernode HASH [what flower-supernode takes]

Flower sends the app from the server to the nodes, and a node runs what it gets: whoever has the server has all nodes.
Here the app's SHA-256 must be that of the party's own copy of the kit.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flwr.supernode import start_client_internal
from flwr.supernode.cli import flower_supernode

LOOK = 1.0  # seconds between two looks for a message


def main(approved: str) -> None:
    connect = start_client_internal.http_request_response

    @contextmanager
    def connected(*arguments: Any, **options: Any) -> Iterator[Any]:
        with connect(*arguments, **options) as connection:
            node_id, receive, send, get_run, get_fab, *rest = connection

            def get_approved(fab_hash: str, run_id: int) -> Any:
                fab = get_fab(fab_hash, run_id)
                if hashlib.sha256(fab.content).hexdigest() != approved:
                    print("The server wants to run another app than the one that was approved.", flush=True)
                    raise SystemExit(3)
                return fab

            def receive_soon() -> Any:
                while (message := receive()) is None:
                    time.sleep(LOOK)
                return message

            yield node_id, receive_soon, send, get_run, get_approved, *rest

    start_client_internal.http_request_response = connected
    flower_supernode()


if __name__ == "__main__":
    _, approved, *sys.argv[1:] = sys.argv
    main(approved)
