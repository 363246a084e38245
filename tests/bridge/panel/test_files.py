"""The page's files as they lie in the package: small, without inline code, and whose they are."""

import hashlib
import re

from tests.support.browser import PANEL

FILES = [file for file in PANEL.rglob("*") if file.is_file() and "__" not in file.name]


def test_the_page_is_under_120_kb():
    """Everything together, as it is sent, stays small enough for a tablet on a stage's network."""
    assert sum(file.stat().st_size for file in FILES) < 120_000


def test_the_vendored_file_is_the_one_recorded():
    """Nobody edits the one foreign file; its hash, version and licence stand beside it."""
    readme = (PANEL / "vendor/README.txt").read_text()

    assert hashlib.sha256((PANEL / "vendor/lit.js").read_bytes()).hexdigest() in readme
    assert re.search(r'"lit-html" \d+\.\d+\.\d+', readme)
    assert "Redistribution and use" in (PANEL.parents[1] / "LICENSES/lit-html.txt").read_text()


def test_nothing_is_inline_and_nothing_is_foreign():
    """The policy forbids inline code and style; no file names another host but in a licence or an XML name."""
    page = (PANEL / "index.html").read_text()
    ours = [
        file.read_text() for file in FILES if "vendor" not in file.parts and file.suffix in {".js", ".css", ".html"}
    ]

    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", page)
    assert not [text for text in ours if re.search(r"https?://(?!www\.w3\.org)", text)]
    assert not [text for text in ours if re.search(r"innerHTML|\seval\(|new Function|unsafeHTML|[^.\w]style=", text)]


def test_every_module_is_preloaded():
    """One round of requests loads the page: whatever a module imports is already on its way."""
    page = (PANEL / "index.html").read_text()
    named = set(re.findall(r'(?:href|src)="([^"]+\.js)"', page))

    assert named == {file.relative_to(PANEL).as_posix() for file in FILES if file.suffix == ".js"}
