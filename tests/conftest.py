"""For all tests: no telemetry from the libraries, and the same hypothesis examples on every machine in CI."""

from __future__ import annotations

import os

from hypothesis import settings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["FLWR_TELEMETRY_ENABLED"] = "0"  # no network, ever

settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("here", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")
