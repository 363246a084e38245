"""Re-create the page's one foreign file, bridge/panel/vendor/lit.js, from the packages it is made of.

Run by whoever changes the version, never by a user and never at run time. `--check` builds and compares only.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

LIT = "3.3.3"
ESBUILD = "0.28.2"
ROOT = Path(__file__).resolve().parents[1]
VENDOR = ROOT / "bridge" / "panel" / "vendor"
LICENCES = ROOT / "docs/licences"
ENTRY = """\
export { html, nothing, render, svg } from "lit-html";
export { live } from "lit-html/directives/live.js";
"""
README = """\
lit.js is lit's template engine, npm package "lit-html" {lit}, bundled and minified by esbuild {esbuild} from:

{entry}
Licence: BSD-3-Clause, Copyright 2017 Google LLC (docs/licences/lit-html.txt).
SHA-256 of lit.js: {digest}
Made by: python3 scripts/vendor_panel.py        Checked by: python3 scripts/vendor_panel.py --check
"""


def build(folder: Path) -> tuple[bytes, str]:
    """Return the bundle and the licence's text; downloads packages into `folder`."""
    (folder / "package.json").write_text('{"private": true}')
    (folder / "entry.js").write_text(ENTRY)
    packages = [f"lit-html@{LIT}", f"esbuild@{ESBUILD}"]
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", *packages], cwd=folder, check=True)
    flags = ["--bundle", "--minify", "--format=esm", "--target=es2022", "--legal-comments=none", "--outfile=out.js"]
    subprocess.run(["node_modules/.bin/esbuild", "entry.js", *flags, "--log-level=error"], cwd=folder, check=True)
    banner = f"/* lit-html {LIT}, BSD-3-Clause, Copyright 2017 Google LLC; see README.txt */\n"
    licence = (folder / "node_modules/lit-html/LICENSE").read_text("utf-8")
    return banner.encode() + (folder / "out.js").read_bytes(), licence


def main() -> int:
    """Write the files, or compare them with `--check`; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="build and compare, write nothing")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as name:
        bundle, licence = build(Path(name))
    digest = hashlib.sha256(bundle).hexdigest()
    if check:
        same = (VENDOR / "lit.js").read_bytes() == bundle
        print(f"lit-html {LIT}: {'the same' if same else 'differs'} ({digest})")
        return 0 if same else 1
    VENDOR.mkdir(exist_ok=True)
    LICENCES.mkdir(exist_ok=True)
    (VENDOR / "lit.js").write_bytes(bundle)
    (LICENCES / "lit-html.txt").write_text(licence, "utf-8")
    readme = README.format(lit=LIT, esbuild=ESBUILD, entry=ENTRY, digest=digest)
    (VENDOR / "README.txt").write_text(readme, "utf-8")
    print(f"lit.js: {len(bundle)} bytes, lit-html {LIT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
