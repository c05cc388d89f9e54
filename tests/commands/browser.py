#!/usr/bin/python3
"""browser.py PROGRAM PAGE [PICTURE WIDTH HEIGHT [dark|print]] - looks at a page with chromium.

Speaks the DevTools protocol over two pipes (--remote-debugging-pipe: JSON objects ended
with a NUL), so no port is opened and nothing but Python is needed. Prints one JSON object:
errors          what the console and the page complained about
requests        addresses the page asked for, beside itself
overflow        pixels the page is wider than the window, by window width
hover           by figure: the text that the pointer brings up at a mark
touch           the same with a finger, at 360 pixels
hidden          how many series a click on the first line of a key hides
With PICTURE, a screenshot is written there instead (as tall as HEIGHT; 0: the whole page).
"""
import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe"]
DEADLINE_S = 60


class Browser:
    def __init__(self, program):
        self.profile = tempfile.mkdtemp(prefix="muxbench-browser-")
        to_browser, self.out = os.pipe()
        self.back, from_browser = os.pipe()

        def pipes():  # the browser reads from 3 and writes to 4
            a, b = os.dup(to_browser), os.dup(from_browser)
            os.dup2(a, 3)
            os.dup2(b, 4)

        self.process = subprocess.Popen(
            [program, *FLAGS, "--user-data-dir=" + self.profile, "about:blank"],
            close_fds=False, preexec_fn=pipes, start_new_session=True,
            env={**os.environ, "TMPDIR": self.profile}, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        os.set_blocking(self.back, False)
        self.text, self.number, self.session = b"", 0, None
        self.deadline = time.monotonic() + DEADLINE_S
        self.errors, self.requests, self.loaded = [], [], False

    def take(self):
        """The next message, when there is one."""
        while b"\0" not in self.text:
            if time.monotonic() > self.deadline or self.process.poll() is not None:
                raise SystemExit("the browser does not answer")
            try:
                self.text += os.read(self.back, 1 << 20)
            except BlockingIOError:
                time.sleep(0.005)
        message, self.text = self.text.split(b"\0", 1)
        message = json.loads(message)
        what, about = message.get("method"), message.get("params", {})
        if what == "Runtime.exceptionThrown":
            self.errors.append(about["exceptionDetails"].get("text", "exception"))
        elif what == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning"):
            self.errors.append(str(about["args"]))
        elif what == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
            self.errors.append(about["entry"]["text"])
        elif what == "Network.requestWillBeSent":
            self.requests.append(about["request"]["url"])
        elif what == "Page.loadEventFired":
            self.loaded = True
        return message

    def ask(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.take()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise SystemExit(f"{method}: {answer['error']}")
                return answer["result"]

    def value(self, expression):
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True,
                          awaitPromise=True)
        if "exceptionDetails" in answer:
            raise SystemExit(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def open(self, address):
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(domain + ".enable")
        self.ask("Page.navigate", url=address)
        while not self.loaded:
            self.take()

    def size(self, width, height):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height,
                 deviceScaleFactor=1, mobile=width < 500)

    def close(self):
        """No process of it is left: they are all in the session that began with it."""
        self.session = None
        try:
            os.write(self.out, b'{"id":0,"method":"Browser.close"}\0')
            self.process.wait(timeout=5)
        except (OSError, subprocess.TimeoutExpired):
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        for _ in range(100):  # until the last of them has written into it
            shutil.rmtree(self.profile, ignore_errors=True)
            if not os.path.exists(self.profile):
                break
            time.sleep(0.05)


# Where the figure's last mark that can be seen is, with the figure scrolled to the middle;
# two frames later, for a scroll is told to the page with the next one and hides the tip.
MARK = """(async id => {
    const figure = document.getElementById(id);
    const marks = [...figure.querySelectorAll('svg .p')].filter(p => p.getClientRects().length);
    const mark = marks[marks.length - 1];
    mark.scrollIntoView({block: 'center'});
    for (let frame = 0; frame < 2; frame++)
        await new Promise(resolve => requestAnimationFrame(resolve));
    const box = mark.querySelector('.sign, .bar').getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
})(%s)"""

TIP = "(tip => tip && !tip.hidden ? tip.textContent : null)(document.querySelector('.tip'))"


def look(browser):
    found = {"overflow": {}, "hover": {}, "touch": {}}
    for width in (1280, 768, 360):
        browser.size(width, 800)
        found["overflow"][width] = browser.value(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth")
    browser.size(1280, 900)
    figures = browser.value(
        "[...document.querySelectorAll('figure')].filter(f => !f.closest('details:not([open])'))"
        ".map(f => f.id)")
    for figure in figures:
        x, y = browser.value(MARK % json.dumps(figure))
        browser.ask("Input.dispatchMouseEvent", type="mouseMoved", x=2, y=2)
        browser.ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        found["hover"][figure] = browser.value(TIP)
    found["hidden"] = browser.value(
        "document.querySelector('.keys button').click(),"
        "document.querySelectorAll('figure:first-of-type .off').length")
    browser.value("document.querySelector('.keys button').click()")
    browser.size(360, 740)
    browser.ask("Emulation.setTouchEmulationEnabled", enabled=True)
    for figure in figures[:2]:
        x, y = browser.value(MARK % json.dumps(figure))
        browser.ask("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
        browser.ask("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
        found["touch"][figure] = browser.value(TIP)
    found["errors"] = browser.errors
    found["requests"] = [r for r in browser.requests if not r.startswith(("file:", "data:"))]
    return found


def photograph(browser, picture, width, height, how):
    browser.size(width, height or 800)
    if how == "print":
        browser.ask("Emulation.setEmulatedMedia", media="print")
    elif how == "dark":
        browser.ask("Emulation.setEmulatedMedia",
                    features=[{"name": "prefers-color-scheme", "value": "dark"}])
    if not height:
        browser.size(width, int(browser.value("document.documentElement.scrollHeight")))
    shot = browser.ask("Page.captureScreenshot", format="png")
    Path(picture).write_bytes(base64.b64decode(shot["data"]))


def main():
    browser = Browser(sys.argv[1])
    try:
        browser.open(Path(sys.argv[2]).resolve().as_uri())
        if len(sys.argv) > 3:
            photograph(browser, sys.argv[3], int(sys.argv[4]), int(sys.argv[5]), sys.argv[6] if len(sys.argv) > 6 else "")
        else:
            print(json.dumps(look(browser), indent=1, ensure_ascii=False))
    finally:
        browser.close()


main()
