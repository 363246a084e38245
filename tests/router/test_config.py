"""The routing document's variables: each does what it says, each bad value is refused by name."""

from __future__ import annotations

import pytest

from router.budget import PICO
from router.config import RouterConfig
from router.errors import InvalidSetting

KEYS = {"ANTHROPIC_API_KEY": "canary-a", "OPENAI_API_KEY": "canary-o"}


def test_nothing_set_is_a_supported_way_to_run():
    """No key, no provider; the document's own defaults."""
    config = RouterConfig.from_env({})

    assert config.providers == ()
    assert (config.provider, config.default_tier, config.max_tier) == ("auto", "balanced", "expert")
    assert config.max_cost_picousd == PICO // 10
    assert config.monthly_budget_picousd == 100 * PICO
    assert config.timeouts_s == {"fast": 5, "balanced": 30, "advanced": 60, "expert": 120}
    assert config.cache_enabled
    assert config.cache_ttl_s == 3600


def test_the_documents_own_block_is_read():
    """Every variable of the document's example, at the values it shows."""
    config = RouterConfig.from_env(
        KEYS
        | {
            "AI_PROVIDER": "anthropic", "AI_MODEL_FAST": "claude-3-5-haiku-20241022", "AI_DEFAULT_TIER": "balanced",
            "AI_MAX_TIER": "advanced", "AI_MAX_COST_PER_REQUEST": "0.10", "AI_MONTHLY_BUDGET": "100.00",
            "AI_CACHE_ENABLED": "true", "AI_CACHE_TTL": "3600", "AI_TIMEOUT_FAST": "5", "AI_TIMEOUT_EXPERT": "120",
        }
    )  # fmt: skip

    assert config.provider == "anthropic"
    assert config.models == {"fast": "claude-3-5-haiku-20241022"}
    assert config.max_tier == "advanced"


@pytest.mark.parametrize("name", ["CO_API_KEY", "COHERE_API_KEY"])
def test_cohere_has_two_names_for_its_key(name):
    """Both work."""
    assert RouterConfig.from_env({name: "k"}).providers == ("cohere",)


def test_keys_are_never_printed():
    """A repr reaches logs; a key must not."""
    assert "canary" not in repr(RouterConfig.from_env(KEYS))


def test_blank_is_unset():
    """An empty variable is no value."""
    assert RouterConfig.from_env({"AI_PROVIDER": "", "AI_TIMEOUT_FAST": " ", "OPENAI_API_KEY": ""}).providers == ()


def test_offline_has_no_providers():
    """Offline means nobody is called, whatever keys are set."""
    assert RouterConfig.from_env(KEYS | {"DRUMBRIDGE_OFFLINE": "yes"}).providers == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AI_PROVIDER", "groq"),
        ("AI_PROVIDER", "skynet"),
        ("AI_MAX_TIER", "ultra"),
        ("AI_MAX_TIER", "local"),
        ("AI_DEFAULT_TIER", "auto"),
        ("AI_TIMEOUT_FAST", "0"),
        ("AI_TIMEOUT_FAST", "-1"),
        ("AI_TIMEOUT_EXPERT", "1e9"),
        ("AI_TIMEOUT_EXPERT", "nan"),
        ("AI_TIMEOUT_BALANCED", "soon"),
        ("AI_MAX_COST_PER_REQUEST", "-0.1"),
        ("AI_MAX_COST_PER_REQUEST", "NaN"),
        ("AI_MONTHLY_BUDGET", "1e99"),
        ("AI_CACHE_ENABLED", "perhaps"),
        ("AI_CACHE_TTL", "-5"),
        ("AI_MODEL_FAST", "mystery"),
        ("AI_MODEL_FAST", "two words"),
        ("OPENAI_BASE_URL", "ftp://x"),
        ("OPENAI_BASE_URL", "https://user:pass@x"),
        ("OPENAI_BASE_URL", "https://"),
        ("OPENAI_BASE_URL", "https://host:port/v1"),
        ("OPENAI_BASE_URL", "https://a b"),
        ("DRUMBRIDGE_ALLOW_HTTP", "perhaps"),
        ("DRUMBRIDGE_SHARED_URL", "foo"),
        ("DRUMBRIDGE_SHARED_URL", "ftp://x"),
        ("DRUMBRIDGE_SHARED_URL", "redis://"),
        ("DRUMBRIDGE_SHARED_URL", "redis://:canary@x:port/0"),
        ("DRUMBRIDGE_PRICES", "free=0/0"),
        ("DRUMBRIDGE_WINDOWS", "[]]"),
        ("DRUMBRIDGE_PAID_PER_MINUTE", "-1"),
    ],
)
def test_a_bad_value_is_refused_by_name(name, value):
    """The message names the variable and there is a hint what to do."""
    with pytest.raises(InvalidSetting) as refusal:
        RouterConfig.from_env(KEYS | {name: value})

    assert refusal.value.name == name
    assert name in str(refusal.value)
    assert refusal.value.hint
    assert "canary" not in str(refusal.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.org/v1",
        "http://192.168.1.5:8080",
        "http://10.0.0.1",
        "http://0.0.0.0:80",
        "http://127.0.0.1.example.org",
        "http://localhost.example.org",
        "http://[fe80::1]/v1",
    ],
)
@pytest.mark.parametrize("name", ["ANTHROPIC_BASE_URL", "OPENAI_BASE_URL", "GROQ_BASE_URL", "CO_API_URL"])
def test_a_key_leaves_this_machine_encrypted_only(name, url):
    """Another host is reached by https, whoever serves it, unless the user trusts the network by name."""
    with pytest.raises(InvalidSetting, match=f"{name} is http://.*for everybody to read"):
        RouterConfig.from_env(KEYS | {name: url})

    assert RouterConfig.from_env(KEYS | {name: url.replace("http:", "https:")}).base_urls
    assert RouterConfig.from_env(KEYS | {name: url, "DRUMBRIDGE_ALLOW_HTTP": "true"}).base_urls


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:9999", "http://127.8.9.1/v1", "http://localhost:11434/v1", "HTTP://LOCALHOST", "http://[::1]"],
)
def test_a_server_on_this_machine_needs_no_encryption(url):
    """A proxy or a model of one's own is asked over plain http."""
    assert RouterConfig.from_env(KEYS | {"OPENAI_BASE_URL": url}).base_urls == {"openai": url}


@pytest.mark.parametrize("url", ["redis://localhost", "rediss://:pass@host:6380/1", "unix:///run/redis.sock?db=1"])
def test_a_shared_store_is_a_redis(url):
    """All of redis-py's ways to name one are taken."""
    assert RouterConfig.from_env({"DRUMBRIDGE_SHARED_URL": url})


def test_a_cap_below_the_default_tier_is_refused_only_when_both_were_said():
    """AI_MAX_TIER=fast alone is a clear wish; against AI_DEFAULT_TIER it is a contradiction."""
    assert RouterConfig.from_env({"AI_MAX_TIER": "fast"}).default_tier == "fast"
    with pytest.raises(InvalidSetting, match="below AI_DEFAULT_TIER"):
        RouterConfig.from_env({"AI_MAX_TIER": "fast", "AI_DEFAULT_TIER": "advanced"})


def test_an_unknown_model_is_fine_when_its_provider_is_named():
    """AI_PROVIDER says who serves it."""
    config = RouterConfig.from_env(KEYS | {"AI_PROVIDER": "openai", "AI_MODEL_FAST": "my-fine-tune"})

    assert config.models == {"fast": "my-fine-tune"}
