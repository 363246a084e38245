"""The page's fixtures, for every file of this folder."""

from tests.support.browser import browser, daemon, open_panel  # noqa: F401 - fixtures
