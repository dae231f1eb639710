"""Headless Chromium for tests: what a page looks like to a reader, asked of a real browser.

The page is put into a frame of a given width: the windows of a headless browser do not get as narrow as a phone. The
frame shares the origin of the page around it, which measures it and leaves the answers in its own text.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--enable-logging=stderr",
    "--virtual-time-budget=10000",
)
SECONDS = 180  # on a busy machine; a page takes two
DARK = "--blink-settings=preferredColorScheme=0"

# `ask` gets the document and window of the frame and returns anything that JSON can hold.
HARNESS = """<!doctype html><meta charset="utf-8"><body style="margin:0">
<iframe id="frame" {sandbox} style="border:0;width:{width}px;height:900px" srcdoc="{page}"></iframe>
<pre id="answer"></pre>
<script>
document.getElementById("frame").addEventListener("load", (event) => {{
  const ask = {ask};
  const answer = ask(event.target.contentDocument, event.target.contentWindow);
  document.getElementById("answer").textContent = JSON.stringify(answer);
}});
</script>"""


@dataclass(frozen=True)
class Seen:
    """What the browser answered, and what it wrote to its console."""

    answer: Any
    console: list[str]


def find() -> str:
    """The browser; the test is skipped where there is none."""
    names = (os.environ.get("ACTLAB_BROWSER", ""), *NAMES)
    path = next(filter(None, map(shutil.which, filter(None, names))), None)
    if path is None:
        pytest.skip("no Chromium here; install chromium, or name one in ACTLAB_BROWSER")
    return path


def look(
    page: str, ask: str, folder: Path, *, width: int = 1280, scripts: bool = True, flags: Sequence[str] = ()
) -> Seen:
    """Show a page and ask about it.

    Parameters
    ----------
    page : HTML
    ask : a JavaScript function of (document, window) of the page
    folder : an empty one, for the browser
    width : of the page in pixels
    scripts : whether the page may run its own
    flags : of the browser, beside the usual ones
    """
    around = folder / "harness.html"
    sandbox = "" if scripts else 'sandbox="allow-same-origin"'
    text = HARNESS.format(page=html.escape(page), ask=ask, width=width, sandbox=sandbox)
    around.write_text(text, encoding="utf-8")
    run = _run(folder, *flags, f"--window-size={max(width, 800)},1000", "--dump-dom", around.as_uri())
    match = re.search(r'<pre id="answer">(.*?)</pre>', run.stdout, flags=re.DOTALL)
    assert match, run.stderr
    assert match.group(1), f"the page did not answer: {run.stderr}"
    return Seen(json.loads(html.unescape(match.group(1))), re.findall(r".*CONSOLE.*", run.stderr))


def pages(page: str, folder: Path) -> int:
    """Print a page to a PDF file and count its pages."""
    source, target = folder / "page.html", folder / "page.pdf"
    source.write_text(page, encoding="utf-8")
    _run(folder, "--no-pdf-header-footer", f"--print-to-pdf={target}", source.as_uri())
    return len(re.findall(rb"/Type\s*/Page\b", target.read_bytes()))


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [find(), *FLAGS, f"--user-data-dir={folder / 'profile'}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=SECONDS)
