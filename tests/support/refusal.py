"""A call that must fail, for tests of the control channel without a socket."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from bridge.rpc import RpcError


def refused(coroutine: Coroutine[Any, Any, Any]) -> RpcError:
    """Run a call that must fail; return its error."""
    with pytest.raises(RpcError) as caught:
        asyncio.run(coroutine)
    return caught.value
