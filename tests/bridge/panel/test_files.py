"""The page's files as they lie in the package: small, without inline code, and whose they are."""

import base64
import hashlib
import re
from urllib.parse import unquote

import pytest

from bridge.control.http import Site, answer
from bridge.control.page import MAIN, enclosed, join, lean, page_files
from tests.support.browser import PANEL

FILES = [file for file in PANEL.rglob("*") if file.is_file() and "__" not in file.name]


def test_the_page_is_under_120_kb():
    """Everything together, as it is sent, stays small enough for a tablet on a stage's network."""
    sizes = {path: len(data) for path, data in page_files().items() if path != "/"}

    assert set(sizes) == {
        "/index.html",
        "/js/main.js",
        "/vendor/README.txt",
    }
    assert sum(sizes.values()) < 120_000


def test_modules_are_joined_each_behind_what_it_needs():
    """One module is sent: each of them once, in the order of a browser, and of the foreign ones what they export."""
    from_two = b'import { two } from "../ui/two.js";\n'
    files = {
        "/js/main.js": b'import { a } from "../vendor/x.js";\n' + from_two + b'import "./one.js";\nmain();\n',
        "/js/one.js": b'import { b } from "../vendor/x.js";\n' + from_two + b"export const one = 1;\n",
        "/ui/two.js": b'import { one } from "../js/one.js";\nexport const two = "import";\n',
        "/vendor/x.js": b"var o=1,e=2;export{o as a,e as b};\n",
    }
    sent = b"""const {a,b} = (() => {var o=1,e=2;return {a:o,b:e}})();
export const one = 1;
export const two = "import";
main();
"""
    assert join("/js/main.js", files) == sent


def test_a_bundle_without_exports_at_its_end_is_refused():
    """A new version that is bundled otherwise must not be sent broken."""
    with pytest.raises(ValueError, match="ends with its exports"):
        enclosed(b"var o=1;")


def test_every_module_is_sent():
    """Each of our modules stands in the one that is sent, and no two declare the same name."""
    sent = page_files()[MAIN].decode()
    modules = [file.read_text() for file in FILES if file.suffix == ".js" and "vendor" not in file.parts]
    named = re.compile(r"^(?:export )?(?:async )?(?:const|let|class|function)\*? +(\w+)", re.MULTILINE)
    names = [name for module in modules for name in named.findall(module)]

    assert len(set(names)) == len(names) > 100
    assert not [name for name in names if not re.search(rf" {name}\b", sent)]
    assert "\nimport " not in sent


def test_only_comments_and_indentation_are_left_behind():
    """What is sent runs as what was written: strings, templates and code that look like comments stay."""
    written = b"""/* What it is,
   what it must never do. */
import { a } from "./a.js"; // stays
\tconst url = "ws://x", wild = `a/*b*/`;
\t/** Said for people. */
\treturn html`<p>
\t\t<b>//</b>`;
\t// and this
}
"""
    sent = b"""import { a } from "./a.js"; // stays
const url = "ws://x", wild = `a/*b*/`;
return html`<p>
<b>//</b>`;
}
"""
    assert lean(written) == sent
    for file in FILES:
        if file.suffix in {".js", ".css"} and "vendor" not in file.parts:
            code = [line for line in file.read_text().splitlines() if not re.match(r"\s*(//|/?\*|$)", line)]
            left = iter(lean(file.read_bytes()).decode().splitlines())
            assert all(line.strip() in left for line in code if "*/" not in line), file.name


def test_the_vendored_file_is_the_one_recorded():
    """Nobody edits the one foreign file; its hash, version and licence stand beside it."""
    readme = (PANEL / "vendor/README.txt").read_text()

    assert hashlib.sha256((PANEL / "vendor/lit.js").read_bytes()).hexdigest() in readme
    assert re.search(r'"lit-html" \d+\.\d+\.\d+', readme)
    assert "Redistribution and use" in (PANEL.parents[1] / "docs/licences/lit-html.txt").read_text()


def test_nothing_is_inline_and_nothing_is_foreign():
    """The policy forbids inline code and style; no file names another host but in a licence or an XML name."""
    page = (PANEL / "index.html").read_text()
    ours = [
        file.read_text() for file in FILES if "vendor" not in file.parts and file.suffix in {".js", ".css", ".html"}
    ]

    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", page)
    assert not [text for text in ours if re.search(r"https?://(?!www\.w3\.org)", text)]
    assert not [text for text in ours if re.search(r"innerHTML|\seval\(|new Function|unsafeHTML|[^.\w]style=", text)]


def test_one_round_of_requests_loads_the_page():
    """The page has its style and its icon within and names its script, so that a browser fetches it at once."""
    files = page_files()
    page = files["/"].decode()
    icon, script = re.findall(r'(?:href|src)="([^"]+)"', page)

    assert unquote(icon) == f"data:image/svg+xml,{(PANEL / 'icon.svg').read_text().strip()}"
    assert script == f"{MAIN[1:]}?{hashlib.sha256(files[MAIN]).hexdigest()[:20]}"
    assert lean((PANEL / "panel.css").read_bytes()).decode() in page


def test_the_script_is_asked_for_again_only_when_it_is_another():
    """Named by its content it never changes; by its bare name, or an old one, a browser asks each time."""
    site = Site(dict, str, dict, lambda _: None)
    query = re.search(r'src="js/main.js[?](\w+)"', site.get("/").data.decode())[1]
    kept = [answer(site.get(MAIN), query=one).headers["Cache-Control"] for one in (query, "", query[::-1])]

    assert kept == ["max-age=31536000, immutable", "no-cache", "no-cache"]
    assert answer(site.get("/"), query=query).headers["Cache-Control"] == "no-cache"


def test_only_the_page_s_own_style_is_allowed():
    """The policy names the style within the page by its hash, and allows none within anything else."""
    style = re.search(r"<style>(.*)</style>", page_files()["/"].decode(), re.DOTALL)[1]
    known = f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"
    site = Site(dict, str, dict, lambda _: None)
    policies = {
        path: answer(site.get(path)).headers["Content-Security-Policy"]
        for path in ("/", "/index.html", "/vendor/README.txt")
    }

    assert f"style-src 'self' {known};" in policies["/"]
    assert policies["/"] == policies["/index.html"]
    assert "style-src 'self';" in policies["/vendor/README.txt"]
    assert not [policy for policy in policies.values() if "unsafe" in policy]


def test_the_page_comes_in_the_theme_that_was_chosen():
    """The cookie that the page set names dark or light; anything else is no theme, and the browser's own one counts."""
    site = Site(dict, str, dict, lambda _: None)
    bodies = {
        cookies: site.get("/", cookies)
        for cookies in ("", "theme=light", "a=1; theme=dark", 'theme="><script>', "theme=blue")
    }
    themes = {cookies: re.findall(r'<html data-theme="(\w+)" ', body.data.decode()) for cookies, body in bodies.items()}

    assert themes["theme=light"] == ["light"]
    assert themes["a=1; theme=dark"] == ["dark"]
    assert bodies[""] == bodies["theme=blue"] == bodies['theme="><script>']
    assert themes[""] == []
    assert len({body.etag for body in bodies.values()}) == 3
