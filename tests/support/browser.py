"""Browser: Debian's Chromium without a window, driven over its own protocol, in a profile of its own."""

import base64
import json
import tempfile
from pathlib import Path
from typing import Iterator

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains

import project

SCREENSHOTS = project.SOURCE / "build/ci/screenshots"  # kept as artefacts of a run
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
         "--disable-background-networking", "--disable-component-update", "--no-first-run",
         "--lang=en")
# Noted from the first line of each document on.
WATCH = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) =>
    window.violations.push(`${event.violatedDirective}: ${event.blockedURI}`));
"""


class Browser:
    def __enter__(self) -> "Browser":
        self._profile = tempfile.TemporaryDirectory(prefix="paws-browser-")
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for flag in (*FLAGS, f"--user-data-dir={self._profile.name}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver.set_page_load_timeout(30)
        self.driver.set_script_timeout(20)
        self.protocol("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        return self

    def __exit__(self, *_: object) -> None:
        self.driver.quit()
        self._profile.cleanup()

    def protocol(self, command: str, **arguments: object) -> dict:
        return self.driver.execute_cdp_cmd(command, arguments)

    def open(self, url: str, scheme: str = "light", width: int = 1280, height: int = 900) -> None:
        self.driver.get("about:blank")  # what the page before asks for at the very end comes before this
        self.driver.get_log("performance")
        self.driver.get_log("browser")
        self.protocol("Emulation.setEmulatedMedia",
                      features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.protocol("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=1, mobile=width < 500)
        self.driver.get(url)

    def run(self, script: str, *arguments: object) -> object:
        return self.driver.execute_script(script, *arguments)

    def text(self, selector: str) -> str:
        """What a person reads there; empty where nothing is shown."""
        return self.run("""const node = document.querySelector(arguments[0]);
            return node?.checkVisibility() ? node.innerText : ''""", selector)

    def press(self, *keys: str) -> None:
        ActionChains(self.driver).send_keys(*keys).perform()

    def screenshot(self, name: str) -> Path:
        """The whole page, also what is below the window."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        picture = self.protocol("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path = SCREENSHOTS / f"{name}.png"
        path.write_bytes(base64.b64decode(picture))
        return path

    def requests(self) -> list[str]:
        """The addresses asked for since the last call, or since the page was opened."""
        return [event["params"]["request"]["url"] for event in self._events()
                if event["method"] == "Network.requestWillBeSent"]

    def complaints(self) -> list[str]:
        """Errors of scripts and of the security policy since the page was opened."""
        logged = [entry["message"] for entry in self.driver.get_log("browser")]
        return logged + self.run("return window.violations")

    def accessible(self) -> list[dict]:
        """What a screen reader is told of: {role, name, level, focusable}."""
        self.protocol("Accessibility.enable")
        nodes = self.protocol("Accessibility.getFullAXTree")["nodes"]
        return [described(node) for node in nodes if not node["ignored"]]

    def _events(self) -> Iterator[dict]:
        for entry in self.driver.get_log("performance"):
            yield json.loads(entry["message"])["message"]


def described(node: dict) -> dict:
    properties = {one["name"]: one["value"].get("value") for one in node.get("properties", [])}
    return {"role": node["role"]["value"], "name": node.get("name", {}).get("value", ""),
            "level": properties.get("level"), "focusable": properties.get("focusable", False)}
