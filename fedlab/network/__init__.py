"""A federation over a real network: one machine is the server, every other one a party.

    host(experiment, ...) -> Federation      the teacher's side: starts the server, and has a join code for each party
    look_at(code) -> Invitation              a party's side: what would run here and leave, before anything does
    join(invitation, ...) -> Membership      and, once its owner agrees, takes part

    federation.py    host: who is in, what the teacher wants, what has happened so far
    admission.py     who may take part
    superlink.py     Flower's SuperLink, on loopback
    front.py         what stands at the one open port: lets parties in, and passes Flower's messages on
    membership.py    look_at and join: the key, the data, Flower's SuperNode
    codes.py         join codes; certificates.py: who is who; leash.py: children that never outlive their parent
    ledger.py        the files of a server's folder and of a party's
    server_side.py, party_side.py, app/    what Flower runs at the server and at each party

Who trusts whom. A join code holds the server's address, the fingerprint of its certificate authority and a token for
one party. The party takes no server but the one with that fingerprint, and runs no app but the one it has approved,
which is a part of its own kit. The server takes no key but those that came with a token. Only what `apart.py` lists
crosses, over TLS, through one port. Flower's own port, by which one may start any program at all nodes, is on loopback.
"""

from fedlab.network.codes import JoinCode
from fedlab.network.federation import Federation, Party, host
from fedlab.network.membership import Invitation, Membership, Refusal, join, look_at

__all__ = [
    "Federation",
    "Invitation",
    "JoinCode",
    "Membership",
    "Party",
    "Refusal",
    "host",
    "join",
    "look_at",
]
