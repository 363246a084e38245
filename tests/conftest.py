"""A take on a JACK server that lost its own time is no measure of ours: a test that failed on one is taken again.

The dummy driver stops its clock at an xrun, even on an idle machine, and events of that moment are lost or doubled for
every client. Only a failure during which the server itself reported an xrun is taken again, five times at most: what is
wrong with us fails every time, and xruns come in bursts (an idle server of 64 frames without clients had 21 in 20 s, in
which four takes of ten were void; in the next minutes none of twenty). The last lines of the run say how often it was.
"""

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import settings

# How long an example takes says more of the machine than of us.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

TAKES = 6
TAKE_S = 60.0
"""What one take may last; the run's own timeout would hold for the first one that it ends, and for none after it."""
VOID = pytest.StashKey[bool]()
_void: list[str] = []


def pytest_collection_modifyitems(items):
    """Bound each take of a test on JACK by itself."""
    for item in items:
        if "jack_server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(TAKE_S, func_only=True))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Note whether a failed take's server had an xrun."""
    report = yield
    server = (getattr(item, "funcargs", None) or {}).get("jack_server")
    if report.when == "call" and report.failed and server is not None:
        item.stash[VOID] = server.xruns() > 0
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    """Run a test on JACK; take it again where its server lost time."""
    if "jack_server" not in getattr(item, "fixturenames", ()):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for take in range(1, TAKES + 1):
        item.stash[VOID] = False
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        if not item.stash[VOID] or take == TAKES:
            break
        _void.append(item.nodeid)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def pytest_terminal_summary(terminalreporter):
    """Say which takes were void."""
    for name in _void:
        terminalreporter.write_line(f"taken again, its JACK server had an xrun: {name}")
