"""What the engine's tests share: a player in virtual time."""

import pytest

from tests.support.rig import ON_EIGHTHS, ON_QUARTERS, Rig


@pytest.fixture
def rig():
    """A player that knows two grooves, alone in the world."""
    return Rig(ON_QUARTERS, ON_EIGHTHS)
