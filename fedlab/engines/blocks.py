"""Examples in blocks of one shape, whatever a party holds: what is compiled for that shape serves everybody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np


@dataclass(frozen=True, eq=False)
class Block:
    """Some rows of examples, filled up to a fixed shape."""

    positions: np.ndarray  # (rows, width) which examples; 0 where there is none
    holds: np.ndarray  # (rows, width) 1.0 where there is an example, else 0.0
    used: int  # rows that hold any


def blocks(rows: Iterable[np.ndarray], examples: int, width: int) -> Iterator[Block]:
    """Lay out rows of at most `width` positions in blocks of about `examples` positions each."""
    height, rows = max(1, examples // width), iter(rows)
    while some := list(islice(rows, height)):
        lengths = np.zeros(height, int)
        lengths[: len(some)] = [len(row) for row in some]
        holds = np.arange(width) < lengths[:, None]
        positions = np.zeros(holds.shape, np.int64)
        positions[holds] = np.concatenate(some)
        yield Block(positions, holds.astype(np.float32), len(some))


def in_rows(x: np.ndarray, rows: int) -> list[np.ndarray]:
    """x in parts of `rows` examples, the last one filled up with zeros."""
    parts = [x[first : first + rows] for first in range(0, len(x), rows)]
    missing = rows - len(parts[-1])
    parts[-1] = np.pad(parts[-1], [(0, missing)] + [(0, 0)] * (x.ndim - 1))
    return parts
