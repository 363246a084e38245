"""A real Redis of our own, on a socket file nobody else uses."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def redis_server():
    """Yield the address of a private server; skip with the reason where there is none."""
    if shutil.which("redis-server") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("redis-server is not installed")
        pytest.skip("redis-server is not installed")
    folder = Path(tempfile.mkdtemp(prefix="drumbridge-"))  # a socket's path must be short
    socket = folder / "redis.sock"
    command = ["redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no"]
    server = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        for line in server.stdout:
            if "eady to accept connections" in line:
                break
        yield f"unix://{socket}"
    finally:
        server.terminate()
        server.communicate(timeout=10)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def redis_url(redis_server, monkeypatch):
    """Yield the address of an empty server; a machine that is busy with other things is not a server that is away."""
    import redis

    from router.stores import shared

    monkeypatch.setattr(shared, "_TIMEOUT_S", 60.0)

    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server
