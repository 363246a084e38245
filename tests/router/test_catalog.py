"""The catalogue: the document's table word for word, and what each model is today."""

from __future__ import annotations

import pytest

from router.budget import Price
from router.catalog import load, read_prices

TODAY = "2026-11-23"


def plain(price):
    """Return a price without what caching changes."""
    return Price(price.input_picousd, price.output_picousd)


DOCUMENT = """
fast anthropic claude-3-5-haiku-20241022 100000 0.25 1.25
fast openai gpt-4o-mini 150000 0.15 0.60
fast groq llama-3.1-8b-instant 300000 0.05 0.08
fast cohere command-light 100000 0.30 0.60
balanced anthropic claude-sonnet-4-20250514 80000 3.00 15.00
balanced openai gpt-4o 30000 2.50 10.00
balanced groq llama-3.3-70b-versatile 100000 0.59 0.79
balanced cohere command-r 50000 0.50 1.50
advanced anthropic claude-sonnet-4-20250514 80000 3.00 15.00
advanced openai gpt-4o 30000 2.50 10.00
advanced groq llama-3.3-70b-versatile 100000 0.59 0.79
advanced cohere command-r-plus 30000 2.50 10.00
expert anthropic claude-opus-4-5-20251101 15000 15.00 75.00
expert openai gpt-4o 30000 2.50 10.00
expert groq llama-3.3-70b-versatile 100000 0.59 0.79
expert cohere command-r-plus 30000 2.50 10.00
"""

SUCCESSORS = [
    ("fast", "anthropic", "claude-haiku-5-5", "0.10", "0.50"),
    ("balanced", "anthropic", "claude-sonnet-5-5", "2", "10"),
    ("expert", "anthropic", "claude-opus-5-5", "4", "20"),
    ("fast", "openai", "gpt-6-luna", "0.10", "0.50"),
    ("balanced", "openai", "gpt-6.1-terra", "1", "5"),
    ("advanced", "openai", "gpt-6.1-sol", "2", "10"),
    ("expert", "openai", "gpt-6.1-sol", "2", "10"),
    ("fast", "groq", "openai/gpt-oss-20b", "0.075", "0.30"),
    ("balanced", "groq", "openai/gpt-oss-120b", "0.15", "0.60"),
    ("fast", "cohere", "command-r7b-12-2024", "0.0375", "0.15"),
    ("balanced", "cohere", "command-r-08-2024", "0.15", "0.60"),
    ("expert", "cohere", "command-a-03-2025", "2.50", "10"),
]


def test_the_documents_table_is_kept_word_for_word():
    """Sixteen rows with model, rate and price as written, whatever became of the models."""
    rows = {
        f"{r.tier} {r.provider} {r.model} {r.tokens_per_minute} {r.input_usd} {r.output_usd}"
        for r in load().rows.values()
    }

    assert rows == set(filter(None, DOCUMENT.splitlines()))


@pytest.mark.parametrize(
    ("tier", "tokens", "temperature", "timeout"),
    [("fast", 256, 0.3, 5), ("balanced", 1024, 0.7, 30), ("advanced", 2048, 0.8, 60), ("expert", 4096, 0.7, 120)],
)
def test_the_tiers_are_configured_as_written(tier, tokens, temperature, timeout):
    """max_tokens, temperature and timeout are the document's."""
    spec = load().tiers[tier]

    assert (spec.max_tokens, spec.temperature, spec.timeout_s) == (tokens, temperature, timeout)


def test_the_fallback_chains_are_the_documents():
    """FALLBACK_CHAINS, entry by entry."""
    assert load().chains == {
        "anthropic": ("groq", "openai"),
        "openai": ("anthropic", "groq"),
        "groq": ("openai", "anthropic"),
        "cohere": ("openai", "anthropic"),
    }


@pytest.mark.parametrize(("tier", "provider", "model", "into", "out"), SUCCESSORS)
def test_each_row_leads_to_a_live_model_at_its_own_price(tier, provider, model, into, out):
    """What is used is the successor, priced as itself, and the notice names both."""
    choice = load().row_model(tier, provider, today=TODAY)

    assert choice.model.id == model
    assert plain(choice.model.price) == Price.per_million(into, out)
    assert model in choice.notice
    assert load().rows[tier, provider].model in choice.notice


def test_a_users_own_live_model_is_used_as_it_is():
    """An active model that the user names is not replaced by a cheaper one."""
    choice = load().live("claude-opus-4-5-20251101", "anthropic", "expert", today=TODAY)

    assert choice.model.id == "claude-opus-4-5-20251101"
    assert plain(choice.model.price) == Price.per_million("5", "25")
    assert choice.notice == ""


def test_a_users_retired_model_is_replaced_with_a_notice():
    """A retired id is accepted and follows its successor."""
    choice = load().live("claude-3-5-haiku-20241022", "anthropic", "fast", today=TODAY)

    assert choice.model.id == "claude-haiku-5-5"
    assert "claude-3-5-haiku-20241022" in choice.notice


@pytest.mark.parametrize(("today", "model"), [("2026-11-29", "claude-sonnet-4-5"), ("2026-11-30", "claude-sonnet-5-5")])
def test_a_model_that_ends_is_followed_from_that_day_on(today, model):
    """The date decides, not the edition of the table."""
    assert load().live("claude-sonnet-4-5", "anthropic", "balanced", today=today).model.id == model


def test_a_model_found_gone_is_followed_at_once():
    """What the provider says at run time counts like the table."""
    choice = load().live("gpt-4o", "openai", "balanced", today=TODAY, gone={"gpt-4o"})

    assert choice.model.id == "gpt-6.1-terra"


@pytest.mark.parametrize("model", ["gpt-6.2-sol", "gpt-6-astra", "command-a-plus"])
def test_models_without_an_agreed_price_have_none(model):
    """No price is not a price of zero."""
    assert load().models[model].price is None


def test_a_long_prompt_is_billed_at_its_own_price():
    """Above 100,000 tokens one model costs five times as much."""
    haiku = load().models["claude-haiku-5-5"]

    assert plain(haiku.price_for(100_000)) == Price.per_million("0.10", "0.50")
    assert haiku.price_for(100_001) == Price.per_million("0.50", "2.50")


def test_the_user_may_give_a_price():
    """With a price an unpriced or unknown model can be used."""
    table = load().with_prices(read_prices("gpt-6-astra=5.00/20.00, openai/new-model=0.1/0.2"))

    assert table.models["gpt-6-astra"].price == Price.per_million("5", "20")
    assert table.models["openai/new-model"].provider == "groq"


@pytest.mark.parametrize("text", ["gpt", "gpt=1", "gpt=1/x", "=1/2", "gpt=0/0", "gpt=-1/2", "gpt=1e3/2"])
def test_a_price_that_is_none_is_refused(text):
    """Nothing is counted as free, nothing negative, nothing odd."""
    with pytest.raises(ValueError, match=r"."):
        read_prices(text)


@pytest.mark.parametrize(
    ("model", "provider"),
    [("claude-next", "anthropic"), ("gpt-9", "openai"), ("openai/gpt-oss-20b", "groq"), ("command-z", "cohere"),
     ("mystery-1", None)],
)  # fmt: skip
def test_who_serves_a_model_is_told_by_its_name(model, provider):
    """The table first, the shape of the name second, else nobody."""
    assert load().provider_of(model) == provider


def test_cached_prompt_tokens_are_cheaper_and_written_ones_dearer():
    """Both are in the table where the provider has a prompt cache, so that neither is counted wrong."""
    sonnet = load().models["claude-sonnet-5-5"].price

    assert sonnet.cached_input_picousd < sonnet.input_picousd < sonnet.cache_write_picousd
