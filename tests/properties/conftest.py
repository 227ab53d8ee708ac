"""Property tests draw the same examples every time: a red run is red again. `--hypothesis-seed` draws others."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "fedlab", deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("fedlab")
