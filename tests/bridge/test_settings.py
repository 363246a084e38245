"""Settings: one row each, four origins, no surprises."""

import math

import pytest

from bridge.settings import BY_NAME, LIVE, ROWS, resolve, zones
from bridge.variables import router_variables
from router.config import RouterConfig
from router.errors import InvalidSetting


def test_a_flag_beats_the_environment_beats_the_file_beats_the_default():
    """The order of the contract, and each value knows where it came from."""
    config, environ = {"tempo": 90, "bars": 4, "genre": "funk"}, {"DRUMBRIDGE_TEMPO": "100", "DRUMBRIDGE_BARS": "8"}

    values = resolve({"tempo": "110"}, environ, config)

    assert (values["tempo"].value, values["tempo"].origin) == (110.0, "flag")
    assert (values["bars"].value, values["bars"].origin) == (8, "environment")
    assert (values["genre"].value, values["genre"].origin) == ("funk", "config.toml")
    assert (values["channel"].value, values["channel"].origin) == (10, "default")


@pytest.mark.parametrize("tempo", [-4, 0, 19.9, 300.1, 1e9, math.nan, math.inf, "120", True, None])
def test_a_tempo_that_cannot_be_says_what_it_must_be(tempo):
    """No number is read out of a text, none is clamped in silence."""
    with pytest.raises(InvalidSetting, match=r"it must be (a number from )?20 to 300 beats per minute") as caught:
        BY_NAME["tempo"].check(tempo)
    assert caught.value.hint == "try 120"
    assert caught.value.name == "tempo"


def test_a_misspelt_key_is_named_with_the_nearest_one():
    """A typing error in the file must not be a setting that silently does nothing."""
    with pytest.raises(InvalidSetting, match="'tmepo'") as caught:
        resolve({}, {}, {"tmepo": 90})
    assert caught.value.hint == "did you mean tempo?"


def test_the_routers_own_variables_can_stand_in_the_file():
    """A table of windows written in TOML reaches the router as the variable would."""
    row = {"zone": "Europe/Berlin", "from": "22:00", "to": "06:00", "providers": ["groq"]}
    values = resolve({}, {}, {"windows": [row], "hedge": True, "paid_per_minute": 3})

    config = RouterConfig.from_env(router_variables(values, {}))

    assert [window.providers for window in config.windows] == [("groq",)]
    assert config.hedge
    assert config.valves["cc"][0] == 3


def test_text_is_read_by_the_kind_of_the_row():
    """The environment and the flags are texts; each row knows how to read its own."""
    values = resolve({}, {"DRUMBRIDGE_AI": "off", "DRUMBRIDGE_SWING": "none", "DRUMBRIDGE_CHANNEL": "3"}, {})

    assert values["ai"].value is False
    assert values["swing"].value is None
    assert values["channel"].value == 3


def test_the_routing_documents_variables_keep_their_names():
    """AI_MONTHLY_BUDGET is read as AI_MONTHLY_BUDGET, from the file as a number too."""
    assert resolve({}, {"AI_MONTHLY_BUDGET": "5.00"}, {})["ai_monthly_budget"].value == "5.00"
    assert resolve({}, {}, {"ai_monthly_budget": 5})["ai_monthly_budget"].value == "5"
    assert resolve({}, {}, {"ai_cache_enabled": False})["ai_cache_enabled"].value == "false"


def test_names_variables_and_controllers_are_unique():
    """Two rows with one name, variable or CC would shadow each other."""
    for column in ("name", "variable", "flag"):
        values = [getattr(row, column) for row in ROWS]
        assert len(set(values)) == len(values)
    controllers = [row.cc for row in ROWS if row.cc is not None]
    assert len(set(controllers)) == len(controllers)


def test_every_default_is_a_value_of_its_row():
    """What the program starts with must be what it would accept."""
    for row in ROWS:
        assert row.check(row.default) == row.default


def test_the_sockets_set_knows_every_live_row():
    """A knob that the table gains is settable at once, or this fails."""
    from bridge.protocol import Set

    assert set(LIVE) == set(Set.model_fields) - {"at"}


@pytest.mark.parametrize(
    ("value", "name"), [(0, "a"), (31, "a"), (32, "b"), (63, "b"), (64, "c"), (96, "d"), (127, "d")]
)
def test_zones_are_equal_and_cover_the_range(value, name):
    """Four names share 128 values, 32 each."""
    assert zones("abcd", value) == name
