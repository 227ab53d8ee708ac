"""Facts about the lab on a page of Voilà, where there is no notebook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser

PATIENCE = 120_000


def test_voila_shows_the_lab_and_it_runs(browser: Browser, voila: Any, lab_page: Callable[..., Any]) -> None:
    page = browser.new_context(viewport={"width": 1280, "height": 1000}).new_page()
    page.goto(f"{voila.url}/voila/render/lab.ipynb", timeout=PATIENCE)
    lab = lab_page(page)
    lab.type("rounds", 2)
    lab.click("Run")
    lab.plots("after 2 rounds")
    lab.root.get_by_role("button", name="Save CSV").click()
    link = lab.root.get_by_role("link", name="Download fedlab-run-1.csv")
    with page.expect_download() as download:
        link.click()
    assert download.value.path().read_bytes().startswith(b"number,test_accuracy")
    assert [path.name for path in voila.folder.iterdir()] == ["lab.ipynb"]
    page.context.close()
