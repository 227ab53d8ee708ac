"""At a party."""

from fedlab.network.party_side import app

__all__ = ["app"]
