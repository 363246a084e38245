"""The cache finds what was kept, for as long as it may and no longer, within its bounds, across restarts."""

import asyncio
import sqlite3

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from router.stores.cache import CACHE_CONFIG, Cache, Kind

START = 1_795_000_000.0
SMALL = {"pattern": Kind(100, 3, 50), "modification_map": Kind(1000, 2)}


class Wall:
    """A clock on the wall that a test sets."""

    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now


def drive(story, path=None, **more):
    """Run a story against an open cache; return what it returns."""

    async def main():
        cache = Cache(path, **{"wall": Wall(), **more})
        await cache.open()
        try:
            return await story(cache)
        finally:
            await cache.close()

    return asyncio.run(main())


def test_the_document_s_classes_have_the_document_s_bounds():
    """CACHE_CONFIG as the routing document writes it."""
    bounds = {name: (kind.ttl_s, kind.max_size) for name, kind in CACHE_CONFIG.items() if name != "pattern"}
    assert bounds == {
        "pattern_analysis": (3600, 1000), "template_selection": (86400, 500), "modification_map": (86400, 100),
    }  # fmt: skip


@pytest.mark.parametrize("on_disk", [False, True])
def test_what_was_kept_is_found_in_its_class_only(tmp_path, on_disk):
    """A key of one class is none of another's."""

    async def story(cache):
        await cache.put("pattern", "k", "kept")
        return await cache.get("pattern", "k"), await cache.get("modification_map", "k")

    assert drive(story, tmp_path / "cache.db" if on_disk else None) == ("kept", None)


@pytest.mark.parametrize("on_disk", [False, True])
def test_a_value_ends_with_its_time(tmp_path, on_disk):
    """Found one second before its end, gone at it; a clock set back does not lengthen its life."""
    wall = Wall()

    async def story(cache):
        await cache.put("pattern", "k", "kept")
        found = []
        for passed in (0, 3599, 3600, -1):
            wall.now = START + passed
            found.append(await cache.get("pattern", "k"))
        return found

    assert drive(story, tmp_path / "cache.db" if on_disk else None, wall=wall) == ["kept", "kept", None, None]


@pytest.mark.parametrize("on_disk", [False, True])
def test_a_clock_set_back_does_not_lengthen_a_life(tmp_path, on_disk):
    """What was kept in the future is not found: its end would come too late."""
    wall = Wall()

    async def story(cache):
        await cache.put("pattern", "k", "kept")
        wall.now -= 1
        return await cache.get("pattern", "k"), await cache.peek("pattern", "k")

    assert drive(story, tmp_path / "cache.db" if on_disk else None, wall=wall) == (None, None)


def test_a_pattern_lives_as_long_as_ai_cache_ttl_says():
    """The setting is the life of patterns; a call may ask for another; 0 keeps nothing."""
    wall = Wall()

    async def story(cache):
        await cache.put("pattern", "usual", "a")
        await cache.put("pattern", "longer", "b", ttl_s=60)
        await cache.put("pattern", "never", "c", ttl_s=0)
        await cache.put("pattern_analysis", "own", "d")
        wall.now += 30
        return [await cache.get("pattern", key) for key in ("usual", "longer", "never")] + [
            await cache.get("pattern_analysis", "own")
        ]

    assert drive(story, default_ttl_s=20, wall=wall) == [None, "b", None, "d"]


def test_the_least_recently_used_gives_way():
    """Bounded by number: what was asked for last stays."""

    async def story(cache):
        for key in "abc":
            await cache.put("pattern", key, key)
        await cache.get("pattern", "a")
        await cache.put("pattern", "d", "d")
        found = [await cache.get("pattern", key) for key in "abcd"]
        return found, cache.stats()["classes"]["pattern"]

    found, stats = drive(story, kinds=SMALL)
    assert found == ["a", None, "c", "d"]
    assert (stats["size"], stats["evicted"], stats["hits"], stats["misses"]) == (3, 1, 4, 1)


def test_large_values_give_way_too():
    """Bounded by characters; a value that is larger than the whole bound is not kept and drives nothing out."""

    async def story(cache):
        await cache.put("pattern", "a", "x" * 30)
        await cache.put("pattern", "b", "x" * 30)
        await cache.put("pattern", "c", "x" * 51)
        return [await cache.get("pattern", key) is not None for key in "abc"]

    assert drive(story, kinds=SMALL) == [False, True, False]


def test_a_second_look_counts_nothing(tmp_path):
    """`peek` finds what memory holds, for as long as it may, and is neither hit nor miss."""
    wall = Wall()

    async def story(cache):
        before = await cache.peek("pattern", "k")
        await cache.put("pattern", "k", "kept", ttl_s=5)
        found = await cache.peek("pattern", "k")
        wall.now += 5
        return before, found, await cache.peek("pattern", "k"), cache.stats()["hits"], cache.stats()["misses"]

    assert drive(story, tmp_path / "cache.db", wall=wall) == (None, "kept", None, 0, 0)


def test_only_text_is_kept():
    """A list handed to everyone would be everyone's to change."""

    async def story(cache):
        with pytest.raises(TypeError, match="list"):
            await cache.put("pattern", "k", ["kept"])

    drive(story)


def test_switched_off_it_keeps_and_finds_nothing(tmp_path):
    """AI_CACHE_ENABLED=false: no file either."""

    async def story(cache):
        await cache.put("pattern", "k", "kept")
        return await cache.get("pattern", "k"), cache.stats()["enabled"]

    assert drive(story, tmp_path / "cache.db", enabled=False) == (None, False)
    assert not (tmp_path / "cache.db").exists()


def test_it_lasts_across_restarts_and_forgets_on_request(tmp_path):
    """Closed and opened again, the value is there; after `clear` it is in neither tier."""
    path = tmp_path / "cache.db"

    async def keep(cache):
        await cache.put("pattern", "k", "kept ü \U0001f941")

    async def find(cache):
        found = await cache.get("pattern", "k"), cache.stats()["hit_rate"]
        await cache.clear()
        return *found, await cache.get("pattern", "k")

    async def find_again(cache):
        return await cache.get("pattern", "k")

    drive(keep, path)
    assert drive(find, path) == ("kept ü \U0001f941", 1.0, None)
    assert drive(find_again, path) is None


def test_clear_leaves_no_timer_that_deletes_later_values():
    """What is put after `clear` outlives the end of what was there before (aiocache's own timers would delete it)."""
    wall = Wall()

    async def story(cache):
        await cache.put("pattern", "k", "old", ttl_s=1)
        await cache.clear()
        await cache.put("pattern", "k", "new", ttl_s=100)
        wall.now += 2
        assert not cache._memory._handlers
        return await cache.get("pattern", "k")

    assert drive(story, wall=wall) == "new"


def test_the_file_is_bounded_and_private(tmp_path):
    """No more rows of a class than its size; mode 0600."""
    path = tmp_path / "cache.db"

    async def story(cache):
        for number in range(20):
            await cache.put("pattern", f"k{number}", "x", ttl_s=100 + number)
            await cache.put("modification_map", f"k{number}", "x")

    drive(story, path, kinds=SMALL)
    with sqlite3.connect(path) as db:
        rows = db.execute("SELECT cls, COUNT(*) FROM entries GROUP BY cls ORDER BY cls").fetchall()
    db.close()
    assert rows == [("modification_map", 2), ("pattern", 3)]
    assert path.stat().st_mode & 0o777 == 0o600


def test_two_daemons_share_the_file(tmp_path):
    """What one has paid for, the other finds."""
    path = tmp_path / "cache.db"

    async def story(cache):
        other = Cache(path, wall=Wall())
        await other.open()
        await other.put("pattern", "k", "theirs")
        await other.close()
        return await cache.get("pattern", "k")

    assert drive(story, path) == "theirs"


@pytest.mark.parametrize("spoil", ["garbage", "folder", "locked"])
def test_a_file_that_cannot_be_used_costs_hits_and_nothing_else(tmp_path, spoil):
    """Damaged, a folder, held by another: memory goes on alone, no exception."""
    path = tmp_path / "cache.db"
    other = None
    if spoil == "garbage":
        path.write_bytes(b"no database " * 1000)
    elif spoil == "folder":
        path.mkdir()
    else:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE t (a)")
        other.execute("BEGIN EXCLUSIVE")

    async def story(cache):
        await cache.put("pattern", "k", "kept")
        return await cache.get("pattern", "k"), await cache.get("pattern", "other"), cache.stats()["trouble"]

    found, missing, trouble = drive(story, path)
    if other is not None:
        other.execute("SELECT * FROM t")  # still the file that it holds, not one put aside
        other.close()
        assert path.stat().st_size
    assert (found, missing) == ("kept", None)
    assert (trouble is None) == (spoil == "garbage")
    assert (tmp_path / "cache.db.damaged").exists() == (spoil == "garbage")


def test_a_file_that_is_not_used_is_told_once(tmp_path, caplog):
    """One line in words, however often the file is asked."""
    (tmp_path / "cache.db").mkdir()

    async def story(cache):
        for key in "abc":
            await cache.get("pattern", key)

    drive(story, tmp_path / "cache.db")
    assert caplog.text.count("the cache's file is not used: ") == 1


@pytest.mark.parametrize("first", [0, 4096])
def test_a_damaged_file_is_set_aside_and_told_once(tmp_path, caplog, first):
    """At its head or, as the first look into it finds, behind that: the log says where it went; a new one lasts."""
    path = tmp_path / "cache.db"

    async def fill(cache):
        for number in range(50):
            await cache.put("pattern", str(number), "x" * 500)

    async def story(cache):
        await cache.get("pattern", "7")
        await cache.put("pattern", "k", "kept")

    drive(fill, path)
    path.write_bytes(path.read_bytes()[:first] + b"no database " * 1000)
    drive(story, path)
    assert drive(lambda cache: cache.get("pattern", "k"), path) == "kept"
    assert caplog.text.count("is kept aside as cache.db.damaged and a new one begun") == 1
    assert "not used" not in caplog.text


def test_a_file_held_by_another_is_used_once_it_is_free(tmp_path):
    """A lock at the start is not the end of the file."""
    path = tmp_path / "cache.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA journal_mode = WAL")
    other.execute("BEGIN EXCLUSIVE")

    async def story(cache):
        first = await cache.get("pattern", "k"), cache.stats()["trouble"]
        other.execute("ROLLBACK")
        other.close()
        await cache.put("pattern", "k", "kept")
        await cache.get("pattern", "another")
        return first, cache.stats()["trouble"]

    async def find(cache):
        return await cache.get("pattern", "k")

    (missing, before), after = drive(story, path)
    assert (missing, before is None, after) == (None, False, None)
    assert drive(find, path) == "kept"


class CacheAgainstDict(RuleBasedStateMachine):
    """For any order of puts, gets, passing time and restarts, the cache never gives a wrong or an old value."""

    keys = st.sampled_from("abcde")

    def __init__(self):
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.wall, self.model = Wall(), {}
        self.cache = Cache(None, wall=self.wall, kinds=SMALL)

    @rule(key=keys, value=st.text(max_size=40), ttl=st.integers(1, 50))
    def put(self, key, value, ttl):
        self.loop.run_until_complete(self.cache.put("pattern", key, value, ttl_s=ttl))
        self.model[key] = (value, self.wall.now + ttl)

    @rule(key=keys)
    def get(self, key):
        found = self.loop.run_until_complete(self.cache.get("pattern", key))
        value, ends = self.model.get(key, (None, 0))
        assert found is None or (found == value and self.wall.now < ends)

    @rule(seconds=st.integers(0, 20))
    def time_passes(self, seconds):
        self.wall.now += seconds

    @invariant()
    def within_bounds(self):
        stats = self.cache.stats()["classes"]["pattern"]
        assert stats["size"] == len(self.cache._memory._cache) <= 3
        assert stats["chars"] == sum(map(len, self.cache._memory._cache.values())) <= 50

    def teardown(self):
        self.loop.close()


TestCacheAgainstDict = CacheAgainstDict.TestCase
TestCacheAgainstDict.settings = settings(max_examples=40)
