"""At the server."""

from fedlab.network.server_side import app

__all__ = ["app"]
