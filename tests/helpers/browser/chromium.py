"""A headless Chromium that shows an explorer from disk, and what one does in it."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

PATIENCE = 30.0
INSTALL = ("apt-get", "install", "--yes", "--no-install-recommends", "chromium", "chromium-driver")


class NoBrowserError(Exception):
    """There is no browser here, and none can be installed."""


class Chromium:
    """An open page, and a reader's hands and eyes."""

    def __init__(self, driver: webdriver.Chrome, folder: Path) -> None:
        self.driver = driver
        self.address = (folder / "index.html").as_uri()

    def goto(self, state: str) -> None:
        """Open the page in a state, or change its state, and wait until all of it is shown."""
        self.driver.get(f"{self.address}#{state}")
        self.settle()

    def leave(self) -> None:
        """Leave the page, with all that it has in memory."""
        self.driver.get("about:blank")

    def settle(self) -> None:
        """Wait until the view is shown, and its table has its rows."""
        busy = (
            "const main = document.getElementById('main');"
            "return !main || !main.firstElementChild"
            " || document.querySelector('[aria-busy=true]') !== null"
            " || main.textContent.includes('Loading …')"
            " || [...document.querySelectorAll('table.dataTable')].some((table) =>"
            " !table.querySelector('tbody td'));"
        )
        self.until(lambda: not self.script(busy), "the page goes on loading")

    def until(self, holds: Any, otherwise: str) -> None:
        """Wait until something holds."""
        end = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > end:
                raise AssertionError(f"{otherwise}: {self.driver.current_url}, {self.text()[:500]}")
            time.sleep(0.01)

    def timed(self, state: str) -> float:
        """Seconds until a state is shown."""
        start = time.perf_counter()
        self.goto(state)
        return time.perf_counter() - start

    def script(self, text: str, *arguments: Any) -> Any:
        return self.driver.execute_script(text, *arguments)

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[str]:
        """Texts of all elements that fit, as the page has them."""
        found: list[str] = self.script(
            "return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)",
            selector,
        )
        return found

    def text(self, selector: str = "main") -> str:
        return "\n".join(self.all(selector))

    def click(self, selector: str) -> None:
        self.find(selector).click()
        self.settle()

    def press(self, *keys: str, selector: str = "body") -> None:
        self.find(selector).send_keys(*keys)
        self.settle()

    def search(self, text: str) -> None:
        """Type into the search field, and wait for what is found."""
        field = self.find("#query")
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(text, Keys.ENTER)
        self.until(lambda: "view=search" in self.driver.current_url, "no search")
        self.settle()

    def state(self) -> str:
        return self.driver.current_url.partition("#")[2]

    def complaints(self) -> list[str]:
        """What the browser noted since it was asked last: errors and warnings of any kind."""
        noted = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [entry["message"] for entry in noted]


@contextmanager
def chromium(folder: Path, *, width: int = 1280, height: int = 900) -> Iterator[Chromium]:
    """Start a browser on an explorer; NoBrowserError where there is none and none can be installed."""
    browser, driver = _programs()
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        # What goes out to a network goes nowhere, and fails.
        "--host-resolver-rules=MAP * ~NOTFOUND",
        f"--window-size={width},{height}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    running = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield Chromium(running, folder)
    finally:
        running.quit()


def _programs() -> tuple[str, str]:
    """Paths of Chromium and its driver; Debian's are installed where they are missing and may be."""
    with (Path(gettempdir()) / "install-chromium.lock").open("w") as lock:
        # Test processes side by side wait for the first of them.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _found() and shutil.which("apt-get") and os.geteuid() == 0:
            environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
            for command in (("apt-get", "update"), INSTALL):
                subprocess.run(command, capture_output=True, check=False, env=environment)
    if programs := _found():
        return programs
    raise NoBrowserError(
        f"there is no Chromium with a driver, and `{' '.join(INSTALL)}` gives none; it needs Debian and root"
    )


def _found() -> tuple[str, str] | None:
    browser, driver = map(shutil.which, ("chromium", "chromedriver"))
    return (browser, driver) if browser and driver else None
