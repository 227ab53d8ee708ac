"""A real JupyterLab, a real Voilà and a real browser, and the lab as someone sees it who sits in front of them."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

import nbformat
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from playwright.sync_api import Browser, Error, Locator, Page, expect, sync_playwright

PATIENCE = int(
    os.environ.get("PATIENCE", 120_000)
)  # ms; a test fails sooner only where it must, so that a slow machine passes too
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
LAB = "from fedlab import Experiment\nfrom fedlab_widgets import Lab\nlab = Lab()\nlab"

PICTURES = Path("test-results")  # what the browser showed when a test failed

expect.set_options(timeout=PATIENCE)
_browsers: list[Browser] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Keep a picture of every page that is open when a test fails."""
    report = yield
    if report.failed:
        PICTURES.mkdir(exist_ok=True)
        pages = [page for browser in _browsers for context in browser.contexts for page in context.pages]
        for number, page in enumerate(pages):
            with suppress(Error):  # a page that hangs fails its test, and not all those that come after it
                page.screenshot(path=PICTURES / f"{item.name}-{report.when}-{number}.png")
    return report


@dataclass
class LabPage:
    """A lab on a page, used as a learner uses it."""

    root: Locator

    @property
    def status(self) -> Locator:
        return self.root.locator(".fedlab-status")

    @property
    def plot(self) -> Locator:
        return self.root.locator(".fedlab-chart")

    @property
    def heat_map(self) -> Locator:
        return self.root.locator(".fedlab-map")

    def click(self, button: str) -> None:
        """Press Run, Pause, Step, Stop or Reset."""
        self.root.locator(f".fedlab-transport .fedlab-{button.lower()}").click(timeout=PATIENCE)

    def control(self, name: str) -> Locator:
        return self.root.locator(f".fedlab-{name.replace('_', '-')}")

    def type(self, name: str, value: object) -> None:
        """Type a value into a control's box, and press Enter."""
        box = self.control(name).locator(".fedlab-box")
        box.fill(str(value), timeout=PATIENCE)
        box.press("Enter")

    def choose(self, name: str, text: str) -> None:
        self.control(name).locator("select").select_option(text, timeout=PATIENCE)

    def reset(self) -> None:
        """Forget all runs, and wait until the controls are as at first."""
        self.type("seed", 20)
        self.click("Reset")
        expect(self.control("seed").locator(".fedlab-box")).to_have_value("0")
        self.plots("no run yet")

    def says(self, pattern: str) -> None:
        """Wait until the line beside the buttons says this."""
        expect(self.status).to_contain_text(re.compile(pattern))

    def plots(self, pattern: str) -> None:
        """Wait until the words behind the plot are these."""
        expect(self.plot).to_have_attribute("aria-label", re.compile(pattern))

    def accuracies(self) -> dict[str, float]:
        """The last accuracy of each curve in the plot, by its label."""
        label = self.plot.get_attribute("aria-label") or ""
        about = label.split(". ", 1)[1]
        return {label: float(number) for label, number in re.findall(r"(?:^|; )(.*?): ([\d.]+)% after", about)}


def lab_on(page: Page, number: int = 0) -> LabPage:
    """The lab of that number, when it is on the screen."""
    lab = LabPage(page.locator(".fedlab-lab").nth(number))
    lab.plot.wait_for(timeout=PATIENCE)
    return lab


@dataclass
class Notebook:
    """A notebook that is open in JupyterLab, and its kernel."""

    page: Page
    folder: Path
    runtime: Path
    kernel_id: str

    def lab(self, number: int = 0) -> LabPage:
        return lab_on(self.page, number)

    def command(self, name: str) -> None:
        """One of JupyterLab's own commands, which its menus call."""
        self.page.evaluate("name => { window.jupyterapp.commands.execute(name) }", name)

    def run_all(self) -> None:
        """Run all cells, and wait until all are done."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")

    def run_cell(self, cell_id: str, source: str | None = None) -> str:
        """Run a cell, with this text in it if one is given, and return what it prints."""
        return str(
            self.page.evaluate(
                """async ([id, source]) => {
                    const notebook = window.jupyterapp.shell.currentWidget.content;
                    notebook.activeCellIndex = notebook.widgets.findIndex(cell => cell.model.id === id);
                    const cell = notebook.activeCell.model;
                    if (source !== null) cell.sharedModel.setSource(source);
                    await window.jupyterapp.commands.execute('notebook:run-cell');
                    return cell.outputs.toJSON().map(output => [output.text].flat().join('')).join('');
                }""",
                [cell_id, source],
            )
        )

    def outputs(self, kind: str = "shown") -> list[str]:
        """The text of the outputs: all that is shown, or those that are of the kind "error" or "stderr"."""
        of_kind = f"[data-mime-type='application/vnd.jupyter.{kind}']" if kind != "shown" else ""
        return self.page.locator(f".jp-OutputArea-output{of_kind}").all_text_contents()

    def close(self) -> None:
        """Close the page and end its kernel."""
        self.page.evaluate(
            """async id => {
                const token = document.cookie.match(/_xsrf=([^;]*)/)[1];
                const own = (await (await fetch('/api/sessions')).json()).filter(one => one.kernel.id === id);
                for (const one of own)
                    await fetch('/api/sessions/' + one.id, {method: 'DELETE', headers: {'X-XSRFToken': token}});
            }""",
            self.kernel_id,
        )
        self.page.context.close()

    def interrupt(self) -> None:
        """What the stop button of JupyterLab's toolbar does."""
        self._post("interrupt")

    def restart(self) -> None:
        self._post("restart")

    def execute(self, code: str, wait: bool = True) -> str:
        """Run code in the kernel as a cell would, and return what it prints."""
        client = BlockingKernelClient(connection_file=str(self.runtime / f"kernel-{self.kernel_id}.json"))
        client.load_connection_file()
        client.start_channels()
        printed: list[str] = []
        try:
            if not wait:
                client.execute(code)
                time.sleep(0.2)  # the message has left before the channel closes
                return ""
            client.wait_for_ready(timeout=PATIENCE / 1000)  # what comes before it listens is lost
            hook = lambda message: printed.append(message["content"].get("text", ""))  # noqa: E731
            reply = client.execute_interactive(code, timeout=PATIENCE / 1000, output_hook=hook)
            assert reply["content"]["status"] == "ok", reply["content"]
        finally:
            client.stop_channels()
        return "".join(printed).strip()

    def training(self) -> str:
        """The threads in the kernel that train, by name; those that wait for a button do not count."""
        return self.execute(
            "import threading, sys, time\n"
            "time.sleep(0.3)\n"
            "print([t.name for t in threading.enumerate() if t.name.startswith('fedlab party')])"
        )

    def _post(self, action: str) -> None:
        self.page.evaluate(
            """async ([id, action]) => {
                const token = document.cookie.match(/_xsrf=([^;]*)/)[1];
                const sent = {method: 'POST', headers: {'X-XSRFToken': token}};
                const answer = await fetch(`/api/kernels/${id}/${action}`, sent);
                if (!answer.ok) throw new Error(await answer.text());
            }""",
            [self.kernel_id, action],
        )


@dataclass
class Server:
    """A server of notebooks, and the folder that they lie in."""

    url: str
    folder: Path
    runtime: Path


@pytest.fixture(scope="session")
def lab_page() -> Callable[..., LabPage]:
    return lab_on


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    path = found or (MAC if Path(MAC).exists() else None)
    if path is None:
        reason = "There is no Chromium or Chrome: install one, or name it in the variable CHROMIUM."
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        _browsers.append(browser)
        yield browser
        _browsers.clear()
        browser.close()


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[list[str], str], Server]]:
    """Start a server on a free port of this machine: `serve(command, address that answers when it is ready)`."""
    started: list[subprocess.Popen[bytes]] = []

    def start(command: list[str], ready: str) -> Server:
        home = tmp_path_factory.mktemp("server")
        folder, runtime = home / "notebooks", home / "runtime"
        folder.mkdir()
        nbformat.write(notebook([LAB]), folder / "lab.ipynb")
        own = {
            "JUPYTER_CONFIG_DIR": "config", "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces", "IPYTHONDIR": "ipython",
        }  # fmt: skip
        news = home / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
        news.parent.mkdir(parents=True)
        news.write_text('{"fetchNews": "false"}')  # or JupyterLab asks, on top of the lab
        port = free_port()
        log = (home / "log.txt").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", *command, "--no-browser", f"--port={port}"],
            env=os.environ | {name: str(home / place) for name, place in own.items()} | {"FEDLAB_SHORT": "1"},
            cwd=folder, stdout=log, stderr=log,
        )  # fmt: skip
        started.append(process)
        url = f"http://127.0.0.1:{port}"
        wait_for(url + ready, process, home / "log.txt")
        return Server(url, folder, runtime)

    yield start
    for process in started:
        process.terminate()
    for process in started:
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


@pytest.fixture(scope="session")
def jupyterlab(serve: Callable[[list[str], str], Server]) -> Server:
    options = ["--ip=127.0.0.1", "--IdentityProvider.token=", "--allow-root", "--LabApp.expose_app_in_browser=True"]
    return serve(["jupyterlab", *options, "--LabApp.news_url=", "--LabApp.check_for_updates_class="
                  "jupyterlab.handlers.announcements.NeverCheckForUpdate"], "/api")  # fmt: skip


@pytest.fixture(scope="session")
def voila(serve: Callable[[list[str], str], Server]) -> Server:
    return serve(["fedlab", "voila", ".", "--Voila.ip=127.0.0.1"], "/voila/static/voila.js")


@pytest.fixture(scope="module")
def open_notebook(browser: Browser, jupyterlab: Server) -> Iterator[Callable[..., Notebook]]:
    """Open a notebook of these cells, or this one, in a tab with a kernel of its own."""
    notebooks: list[Notebook] = []

    def opened(cells: list[str] | None = None, made: nbformat.NotebookNode | None = None) -> Notebook:
        name = f"{len(list(jupyterlab.folder.iterdir()))}.ipynb"
        nbformat.write(made or notebook(cells or []), jupyterlab.folder / name)
        page = browser.new_context(viewport={"width": 1280, "height": 1000}).new_page()
        page.goto(f"{jupyterlab.url}/lab/workspaces/{token_hex(4)}/tree/{name}?reset")
        kernel_id = page.evaluate(
            """async name => {
                for (;;) {
                    const sessions = await (await fetch('/api/sessions')).json();
                    const own = sessions.find(one => one.path === name);
                    if (own && own.kernel.execution_state === 'idle') return own.kernel.id;
                    await new Promise(later => setTimeout(later, 200));
                }
            }""",
            name,
        )
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(state="attached", timeout=PATIENCE)
        notebooks.append(Notebook(page, jupyterlab.folder, jupyterlab.runtime, kernel_id))
        return notebooks[-1]

    yield opened
    for one in notebooks:
        if not one.page.is_closed():
            one.close()


@pytest.fixture(scope="module")
def opened(open_notebook: Callable[..., Any]) -> Any:
    """The notebook of a module's lab, all whose tests share one kernel."""
    notebook = open_notebook([LAB])
    notebook.command("notebook:run-all-cells")
    return notebook


@pytest.fixture
def lab(opened: Any) -> LabPage:
    """The lab with nothing run and its controls as at first."""
    lab: LabPage = opened.lab()
    lab.reset()
    return lab


def notebook(cells: list[str]) -> Any:
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the address answers."""
    until = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"{url} does not answer:\n{log.read_text()}")
