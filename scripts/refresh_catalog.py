"""Compares the catalogue's prices with public tables and, with --write, brings it up to date. At development time only.

Reads genai-prices (install it beside the project: `pip install genai-prices`) and, if given, LiteLLM's price map as a
JSON file. Where the tables disagree the dearer price counts; a model that no table knows keeps what it has and is
named.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

CATALOGUE = Path(__file__).resolve().parent.parent / "router" / "catalog.toml"
FIELDS = {
    "input_usd": ("input_mtok", "input_cost_per_token"),
    "output_usd": ("output_mtok", "output_cost_per_token"),
    "cached_input_usd": ("cache_read_mtok", "cache_read_input_token_cost"),
    "cache_write_usd": ("cache_write_mtok", "cache_creation_input_token_cost"),
}
"""Our field: its name in genai-prices (dollars a million) and in LiteLLM's map (dollars a token)."""


def from_genai(provider: str, model: str) -> dict[str, Decimal]:
    """Return one model's prices from genai-prices, in dollars per million tokens; of steps the base price."""
    from genai_prices.data import providers  # type: ignore[import-not-found]  # noqa: PLC0415  development only

    for one in (item for item in providers if item.id == provider):
        for known in one.models:
            if known.id == model or known.match.is_match(model):
                prices = known.prices if not isinstance(known.prices, list) else known.prices[-1].prices
                found = {ours: getattr(prices, theirs, None) for ours, (theirs, _) in FIELDS.items()}
                return {name: Decimal(str(getattr(value, "base", value))) for name, value in found.items() if value}
    return {}


def from_litellm(table: dict[str, Any], provider: str, model: str) -> dict[str, Decimal]:
    """Return one model's prices from LiteLLM's map, in dollars per million tokens."""
    row = table.get(model) or table.get(f"{provider}/{model}") or {}
    return {
        ours: Decimal(str(row[theirs])) * 1_000_000
        for ours, (_, theirs) in FIELDS.items()
        if row.get(theirs) is not None
    }


def plain(amount: Decimal) -> str:
    """Return an amount without an exponent, at least two decimals."""
    text = f"{amount:f}".rstrip("0").rstrip(".")
    whole, _, rest = text.partition(".")
    return f"{whole}.{rest.ljust(2, '0')}"


def compare(models: dict[str, Any], litellm: dict[str, Any]) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Return (what differs, by model and field) and the models that no table knows."""
    changes: dict[str, dict[str, str]] = {}
    unknown = []
    for name, spec in models.items():
        tables = [from_genai(spec["provider"], name), from_litellm(litellm, spec["provider"], name)]
        if not any(tables):
            unknown.append(name)
        if "input_usd" not in spec:
            continue  # its price is not agreed: a person decides that, not a script
        for field in FIELDS:
            told = [table[field] for table in tables if field in table]
            if told and Decimal(spec.get(field, "-1")) != max(told):
                changes.setdefault(name, {})[field] = plain(max(told))
    return changes, unknown


def rewritten(text: str, changes: dict[str, dict[str, str]]) -> str:
    """Return the catalogue's text with prices replaced or added; everything else stays as it was written."""
    for name, fields in changes.items():
        head = re.escape(f'[models."{name}"]')
        block = re.search(rf"{head}\n(?:(?!\[).*\n?)*", text)
        if block is None:
            continue
        lines = block[0].rstrip("\n").split("\n")
        for field, amount in fields.items():
            row = f'{field} = "{amount}"'
            at = next((index for index, line in enumerate(lines) if line.startswith(f"{field} =")), None)
            if at is not None:
                lines[at] = row
            else:
                after = max(
                    index for index, line in enumerate(lines) if line.startswith(("input_", "output_", "cached_"))
                )
                lines.insert(after + 1, row)
        text = text[: block.start()] + "\n".join(lines) + "\n\n" + text[block.end() :]
    return text.rstrip("\n") + "\n"


def main() -> int:
    """Print what differs; returns 1 when something does and is not written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--litellm", type=Path, help="LiteLLM's model_prices_and_context_window.json")
    parser.add_argument("--write", action="store_true", help="change the catalogue")
    options = parser.parse_args()
    litellm = json.loads(options.litellm.read_text("utf-8")) if options.litellm else {}
    text = CATALOGUE.read_text("utf-8")
    changes, unknown = compare(tomllib.loads(text)["models"], litellm)
    for name, fields in changes.items():
        print(f"{name}: " + ", ".join(f"{field} {amount}" for field, amount in fields.items()))
    print(f"{len(changes)} models differ; no table knows {', '.join(unknown) or 'none'} (kept as they are)")
    if options.write and changes:
        CATALOGUE.write_text(rewritten(text, changes), "utf-8")
    return 1 if changes and not options.write else 0


if __name__ == "__main__":
    sys.exit(main())
