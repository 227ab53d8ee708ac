"""A bad line between two network namespaces: every frame comes late, and some never.

    python bad_line.py SPACE ADDRESS      run in the namespace of the bridge br0; makes the device bad1 in SPACE

Two TAP devices and a queue between them, since not every kernel has netem. ADDRESS: such as 10.77.0.2/24.
"""

from __future__ import annotations

import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import sys
import time

DELAY, LOSS = 0.1, 0.05  # seconds one way, and the share of the frames that is lost
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000


def tap(name: str) -> int:
    """A new TAP device; what is written to it comes out of it, and the reverse."""
    file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TAP | IFF_NO_PI))
    return file


def run(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def main(space: str, address: str) -> None:
    here, there = tap("bad0"), tap("bad1")
    run("link", "set", "bad0", "master", "br0", "up")
    run("link", "set", "bad1", "netns", space)
    run("-n", space, "addr", "add", address, "dev", "bad1")
    run("-n", space, "link", "set", "bad1", "up")
    print("up", flush=True)
    luck, waiting, count = random.Random(0), list[tuple[float, int, int, bytes]](), 0
    while True:
        pause = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        for file in select.select([here, there], [], [], pause)[0]:
            frame = os.read(file, 65_536)
            if luck.random() >= LOSS:
                count += 1
                heapq.heappush(waiting, (time.monotonic() + DELAY, count, there if file == here else here, frame))
        while waiting and waiting[0][0] <= time.monotonic():
            *_, file, frame = heapq.heappop(waiting)
            os.write(file, frame)


if __name__ == "__main__":
    main(*sys.argv[1:])
