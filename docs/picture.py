"""The README's picture of the lab, taken in a real browser: `pytest docs/picture.py` writes `docs/lab.png`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

pytest_plugins = ["tests.browser.conftest"]


def test_take_the_picture(browser: Browser, voila: Any, lab_page: Callable[..., Any]) -> None:
    page = browser.new_context(viewport={"width": 1180, "height": 1200}, device_scale_factor=1.5).new_page()
    page.goto(f"{voila.url}/voila/render/lab.ipynb")
    lab = lab_page(page)
    lab.says("Ready.$")
    lab.choose("partition", "Dirichlet (label skew)")
    for algorithm in ("FedAvg", "FedProx"):
        lab.choose("algorithm", algorithm)
        lab.click("Run")
        lab.plots(f"{algorithm}[^;]*after 20 rounds")
        lab.says("Finished")
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)
    lab.root.screenshot(path=Path(__file__).with_name("lab.png"))
