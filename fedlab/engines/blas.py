"""The one product that NumPy does not offer: W -= η AᵀB in one go, by the BLAS that NumPy itself has loaded.

NumPy would write AᵀB into a second array as large as W and then subtract it; for the small batches of local SGD that
costs a fifth of a step. Where no BLAS is found (or it is Apple's, which works otherwise), NumPy does it in that way.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import lru_cache, partial

import numpy as np
from threadpoolctl import ThreadpoolController

ROWS_FIRST, AS_IT_IS, TRANSPOSED = 101, 111, 112  # what CBLAS calls C's order of elements, A, and Aᵀ
# the names of sgemm in builds of OpenBLAS and MKL, and the whole numbers that each takes
NAMES = {
    "scipy_cblas_sgemm64_": ctypes.c_int64,
    "cblas_sgemm64_": ctypes.c_int64,
    "scipy_cblas_sgemm": ctypes.c_int,
    "cblas_sgemm": ctypes.c_int,
}


def descent(w: np.ndarray, rate: float, a: np.ndarray, b: np.ndarray) -> Callable[[], object]:
    """A function that does w -= rate · aᵀ b with what the arrays hold when it is called.

    w: (p, q), a: (n, p), b: (n, q), float32, rows in one piece; they must live as long as the function.
    """
    found = _sgemm()
    if found is None:
        product = np.empty(w.shape, np.float32)

        def subtract() -> None:
            np.multiply(np.matmul(a.T, b, out=product), rate, out=product)
            np.subtract(w, product, out=w)

        return subtract
    (n, p), q = a.shape, b.shape[1]
    pointers = [(array.ctypes.data, array.strides[0] // 4) for array in (a, b, w)]
    shapes = (ROWS_FIRST, TRANSPOSED, AS_IT_IS, p, q, n)
    return partial(found, *shapes, -rate, *pointers[0], *pointers[1], 1.0, *pointers[2])


@lru_cache(maxsize=1)
def blas() -> ThreadpoolController:
    """The BLAS libraries that this process has loaded."""
    return ThreadpoolController().select(user_api="blas")


@lru_cache(maxsize=1)
def _sgemm() -> Callable[..., object] | None:
    for library in blas().lib_controllers:
        for name, whole in NAMES.items():
            sgemm = getattr(ctypes.CDLL(library.filepath), name, None)
            if sgemm is not None:
                number, pointer = ctypes.c_float, ctypes.c_void_p
                matrix = [pointer, whole]
                sgemm.argtypes = [*[ctypes.c_int] * 3, *[whole] * 3, number, *matrix, *matrix, number, *matrix]
                sgemm.restype = None
                return sgemm
    return None
