"""The budget is a wall: every attempt reserves first, and nothing that happens between can get over it."""

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.budget import PICO, Usage, format_usd, parse_usd
from router.errors import BudgetRefused
from router.stores.ledger import Ledger, NullLedger
from router.stores.shared import Shared
from router.stores.shared_ledger import SharedLedger

CENT = PICO // 100
NOVEMBER, DECEMBER = 1_795_000_000.0, 1_798_000_000.0  # 2026-11-18, 2026-12-23


class Wall:
    """A clock on the wall that a test sets."""

    def __init__(self, now=NOVEMBER):
        self.now = now

    def __call__(self):
        return self.now


def ledger_on(tmp_path, limit=CENT, **more):
    """Return a ledger that refuses at once what does not fit."""
    return Ledger(tmp_path / "ledger.db", monthly_budget_picousd=limit, **{"wall": Wall(), "wait_s": 0, **more})


def null_on(_tmp_path, limit=CENT, **more):
    """Return the twin in memory."""
    return NullLedger(monthly_budget_picousd=limit, **{"wall": Wall(), "wait_s": 0, **more})


class Remote(SharedLedger):
    """The ledger of several machines, with a connection of its own that ends with it."""

    async def close(self):
        await super().close()
        await self._shared.aclose()


@pytest.fixture(params=["ledger", "null", pytest.param("shared", marks=pytest.mark.wire)])
def make(request):
    """Return what makes a ledger of each kind; all must keep the same promises."""
    if request.param == "shared":
        url = request.getfixturevalue("redis_url")
        return lambda _tmp_path, limit=CENT, **more: Remote(
            Shared(url), monthly_budget_picousd=limit, **{"wall": Wall(), "wait_s": 0, **more}
        )
    return {"ledger": ledger_on, "null": null_on}[request.param]


async def reserve(ledger, worst, request="r", ceiling=None, **more):
    """Reserve with names that do not matter here."""
    names = {"tier": "fast", "provider": "groq", "model": "m", "task": "pattern", **more}
    return await ledger.reserve(request_id=request, worst_picousd=worst, request_limit_picousd=ceiling, **names)


async def settle(ledger, row, cost, outcome="ok"):
    """Settle with a usage that does not matter here."""
    await ledger.settle(row, cost_picousd=cost, usage=Usage(100, 20), outcome=outcome, ms=5)


def drive(make, tmp_path, story, **more):
    """Run a story against an open ledger; return what it returns. Whatever happened, the sums must agree after it."""

    async def main():
        ledger = make(tmp_path, **more)
        await ledger.open()
        try:
            told = await story(ledger)
            if not isinstance(ledger, NullLedger):
                assert await ledger.verify() == []
            return told
        finally:
            await ledger.close()

    return asyncio.run(main())


def test_a_reservation_holds_the_worst_case_and_settling_frees_the_rest(make, tmp_path):
    """Between the two the month shows what is held; after it only what was used."""

    async def story(ledger):
        row = await reserve(ledger, CENT // 2)
        held = await ledger.budget()
        await settle(ledger, row, CENT // 10)
        return held, await ledger.budget()

    held, after = drive(make, tmp_path, story)
    assert (held["spent_usd"], held["reserved_usd"], held["left_usd"]) == ("0.00", "0.005", "0.005")
    assert (after["spent_usd"], after["reserved_usd"], after["left_usd"]) == ("0.001", "0.00", "0.009")
    assert (after["month"], after["limit_usd"], after["resets"]) == ("2026-11", "0.01", "2026-12-01")


def test_what_cannot_fit_is_refused_in_words(make, tmp_path):
    """The refusal says what the call may cost, what is left and when the month begins anew; nothing is held."""

    async def story(ledger):
        with pytest.raises(BudgetRefused) as caught:
            await reserve(ledger, CENT + 1)
        return str(caught.value), await ledger.budget()

    said, budget = drive(make, tmp_path, story)
    assert "$0.010000000001" in said
    assert "leaves $0.01" in said
    assert "2026-12-01" in said
    assert budget["reserved_usd"] == "0.00"


def test_the_last_pico_dollar_may_be_spent(make, tmp_path):
    """The limit itself is allowed, one more is not."""

    async def story(ledger):
        await settle(ledger, await reserve(ledger, CENT), CENT)
        with pytest.raises(BudgetRefused):
            await reserve(ledger, 1)
        return await reserve(ledger, 0)

    assert drive(make, tmp_path, story)


def test_a_request_has_a_ceiling_over_all_its_attempts(make, tmp_path):
    """Retries, hedges and repairs of one request share its limit; another request has its own."""

    async def story(ledger):
        first = await reserve(ledger, 40, "a", 100)
        await settle(ledger, first, 30)
        await reserve(ledger, 60, "a", 100)
        with pytest.raises(BudgetRefused, match="request's limit"):
            await reserve(ledger, 11, "a", 100)
        await reserve(ledger, 100, "b", 100)
        await reserve(ledger, 10, "a", 100)

    drive(make, tmp_path, story)


def test_unknown_usage_settles_at_its_reservation(make, tmp_path):
    """A cancelled or timed-out call may have cost all that was held for it."""

    async def story(ledger):
        await ledger.settle_unknown(await reserve(ledger, 700, "r"), "timeout", 30_000)
        return await ledger.budget(), await ledger.rows_of("r")

    budget, (row,) = drive(make, tmp_path, story)
    assert budget["spent_usd"] == format_usd(700)
    assert (row["cost_usd"], row["outcome"], row["ms"]) == (format_usd(700), "timeout", 30_000)


def test_settling_twice_changes_nothing(make, tmp_path):
    """The first word counts, whoever speaks again."""

    async def story(ledger):
        row = await reserve(ledger, 700)
        await settle(ledger, row, 300)
        await settle(ledger, row, 1)
        await ledger.settle_unknown(row, "timeout", 1)
        return (await ledger.budget())["spent_usd"]

    assert drive(make, tmp_path, story) == format_usd(300)


def test_a_bill_below_zero_is_zero(make, tmp_path):
    """No answer can earn budget."""

    async def story(ledger):
        await settle(ledger, await reserve(ledger, 700), -CENT)
        return (await ledger.budget())["spent_usd"]

    assert drive(make, tmp_path, story) == "0.00"


def test_a_receipt_adds_up_exactly(make, tmp_path):
    """The rows of a request are its attempts in order, and the totals are their sum to the pico-dollar."""

    async def story(ledger):
        for cost, model, outcome in ((3, "a", "busy"), (5, "b", "unusable"), (7, "b", "ok")):
            await settle(ledger, await reserve(ledger, 10, "r", model=model), cost, outcome)
        await settle(ledger, await reserve(ledger, 10, "other", tier="expert"), 9)
        return await ledger.rows_of("r"), await ledger.totals(), await ledger.totals(by=("model", "day"))

    rows, by_tier, by_model = drive(make, tmp_path, story)
    assert [(row["model"], row["outcome"], parse_usd(row["cost_usd"])) for row in rows] == [
        ("a", "busy", 3), ("b", "unusable", 5), ("b", "ok", 7),
    ]  # fmt: skip
    assert [(row["tier"], row["attempts"], row["failures"], parse_usd(row["cost_usd"])) for row in by_tier] == [
        ("fast", 3, 2, 15), ("expert", 1, 0, 9),
    ]  # fmt: skip
    told = {(row["model"], row["day"], row["attempts"], row["input_tokens"]) for row in by_model}
    assert told == {("m", "2026-11-18", 1, 100), ("a", "2026-11-18", 1, 100), ("b", "2026-11-18", 2, 200)}


def test_totals_can_begin_at_a_day_and_be_told_in_one(make, tmp_path):
    """What lies before `since` is left out; without a `by` there is one sum."""
    wall = Wall()

    async def story(ledger):
        await settle(ledger, await reserve(ledger, 10), 3)
        wall.now += 86_400
        await settle(ledger, await reserve(ledger, 10), 4)
        sinces = (None, "2026-11-19", "1d", wall.now, "2026-11-20T00:00:00Z")
        return [[parse_usd(row["cost_usd"]) for row in await ledger.totals(since, by=())] for since in sinces]

    assert drive(make, tmp_path, story, wall=wall) == [[7], [4], [4], [4], []]


def test_days_are_told_in_their_order(make, tmp_path):
    """A month is read from its first day to its last, the dearest first within a day."""
    wall = Wall()

    async def story(ledger):
        for cost, model in ((5, "a"), (7, "b")):
            await settle(ledger, await reserve(ledger, 10, model=model), cost)
        wall.now += 86_400
        await settle(ledger, await reserve(ledger, 10, model="c"), 9)
        return [row["model"] for row in await ledger.totals(by=("model", "day"))]

    assert drive(make, tmp_path, story, wall=wall) == ["b", "a", "c"]


@pytest.mark.parametrize("question", [{"since": "yesterday"}, {"by": ("colour",)}, {"since": 1e30}])
def test_a_question_about_what_there_is_not_is_refused(make, tmp_path, question):
    """A bad `since` or `by` names itself, and the ledger goes on."""

    async def story(ledger):
        with pytest.raises(ValueError, match=r"since is|not by"):
            await ledger.totals(**question)
        return await reserve(ledger, 1)

    assert drive(make, tmp_path, story)


def test_a_month_turns_in_utc_and_a_call_is_paid_by_the_month_it_began_in(make, tmp_path):
    """December begins with its whole budget; November's open call settles in November."""
    wall = Wall()

    async def story(ledger):
        row = await reserve(ledger, CENT)
        wall.now = DECEMBER
        fresh = await ledger.budget()
        await reserve(ledger, CENT)
        await settle(ledger, row, CENT)
        return fresh, await ledger.budget()

    fresh, after = drive(make, tmp_path, story, wall=wall)
    assert (fresh["month"], fresh["left_usd"]) == ("2026-12", "0.01")
    assert (after["spent_usd"], after["reserved_usd"]) == ("0.00", "0.01")


def test_a_clock_set_back_never_reopens_a_month(make, tmp_path):
    """Once December was paid from, November's clock pays from December."""
    wall = Wall(DECEMBER)

    async def story(ledger):
        await settle(ledger, await reserve(ledger, CENT), CENT)
        wall.now = NOVEMBER
        with pytest.raises(BudgetRefused, match="2027-01-01"):
            await reserve(ledger, 1)
        told = await ledger.budget()
        wall.now = DECEMBER
        assert "clock" not in await ledger.budget()
        return told["month"], told["clock"]

    month, said = drive(make, tmp_path, story, wall=wall)
    assert month == "2026-12"
    assert said.startswith("the clock says 2026-11, but 2026-12 was paid from already")
    assert "--accept-clock" in said


def test_a_clock_that_ran_ahead_can_be_forgiven_by_the_user(tmp_path):
    """After `accept_clock` the present month pays again, and the later one keeps what it has spent."""
    wall = Wall(DECEMBER)

    async def story(ledger):
        await settle(ledger, await reserve(ledger, CENT), CENT)
        wall.now = NOVEMBER
        await ledger.accept_clock()
        await settle(ledger, await reserve(ledger, CENT), CENT // 2)
        november = await ledger.budget()
        wall.now = DECEMBER
        return november, await ledger.budget()

    november, december = drive(ledger_on, tmp_path, story, wall=wall)
    assert (november["month"], november["spent_usd"]) == ("2026-11", "0.005")
    assert (december["month"], december["left_usd"]) == ("2026-12", "0.00")


def test_amounts_outlive_the_process(tmp_path):
    """What was settled is there when the file is opened again."""

    async def spend(ledger):
        await settle(ledger, await reserve(ledger, CENT), CENT // 2)

    async def look(ledger):
        return (await ledger.budget())["spent_usd"]

    drive(ledger_on, tmp_path, spend)
    assert drive(ledger_on, tmp_path, look) == "0.005"


def test_closing_settles_what_is_open_as_unknown(tmp_path):
    """Nobody could settle it later, and it may have been spent."""

    async def leave_open(ledger):
        await reserve(ledger, CENT // 2, "r")

    async def look(ledger):
        return await ledger.budget(), (await ledger.rows_of("r"))[0]["outcome"]

    drive(ledger_on, tmp_path, leave_open)
    budget, outcome = drive(ledger_on, tmp_path, look)
    assert (budget["spent_usd"], budget["reserved_usd"], outcome) == ("0.005", "0.00", "closed")


def test_every_commit_reaches_the_disk(tmp_path):
    """synchronous=FULL and a write-ahead log: a settled amount outlives the power."""

    async def look(ledger):
        return await ledger._do(
            lambda books: [books.query(f"PRAGMA {name}")[0][name] for name in ("synchronous", "journal_mode")], None
        )

    assert drive(ledger_on, tmp_path, look) == [2, "wal"]


def test_the_files_are_for_their_user_only(tmp_path):
    """Mode 0600, whatever the umask allows."""

    async def look(_ledger):
        return (tmp_path / "ledger.db").stat().st_mode & 0o777

    assert drive(ledger_on, tmp_path, look) == 0o600


def test_calls_that_still_run_are_waited_for(make, tmp_path):
    """With money for one call at a time, all who wait are paid one after the other, first come first."""

    async def story(ledger):
        served = []

        async def call(name):
            row = await reserve(ledger, CENT // 2 + 1)
            await asyncio.sleep(0)
            await settle(ledger, row, CENT // 100)
            served.append(name)

        await asyncio.gather(*(call(name) for name in range(8)))
        return served, (await ledger.budget())["spent_usd"]

    served, spent = drive(make, tmp_path, story, wait_s=110)
    assert sorted(served) == list(range(8))
    assert spent == "0.0008"


def test_waiting_ends_with_a_refusal(make, tmp_path):
    """Who waits in vain is told what is held, and holds nothing."""

    async def story(ledger):
        await reserve(ledger, CENT)
        with pytest.raises(BudgetRefused, match="still run"):
            await reserve(ledger, 1, wait_s=0.02)
        return (await ledger.budget())["reserved_usd"]

    assert drive(make, tmp_path, story) == "0.01"


@pytest.mark.parametrize("seed", range(4))
def test_a_thousand_at_once_spend_at_most_the_budget_and_all_that_can_be_is_served(make, tmp_path, seed):
    """1,000 requests at $0.01, with retries, hedges, cancelled and unknown calls: never over, and nobody in vain.

    A refusal is in vain when the money that is left in the end would have paid for it.
    """
    dice = random.Random(seed)
    worst = CENT // 50
    refused = []

    async def story(ledger):
        async def attempt(name):
            row = await reserve(ledger, worst, name)
            try:
                for _ in range(dice.randrange(3)):
                    await asyncio.sleep(0)
            except asyncio.CancelledError:
                await asyncio.shield(ledger.settle_unknown(row, "cancelled", 1))
                raise
            match dice.randrange(10):
                case 0:
                    await ledger.settle_unknown(row, "timeout", 9)
                case 1:
                    await settle(ledger, row, 0, "busy")
                    await attempt(name)
                case _:
                    await settle(ledger, row, dice.randrange(worst // 100, worst // 3))

        async def request(name):
            try:
                if dice.random() < 0.2:
                    hedges = [asyncio.create_task(attempt(name)) for _ in range(2)]
                    _, late = await asyncio.wait(hedges, return_when=asyncio.FIRST_COMPLETED)
                    for task in late:
                        task.cancel()
                    outcomes = await asyncio.gather(*hedges, return_exceptions=True)
                    if all(outcomes):
                        raise next(outcome for outcome in outcomes if isinstance(outcome, BudgetRefused))
                else:
                    await attempt(name)
            except BudgetRefused:
                refused.append(name)

        await asyncio.gather(*(request(f"r{number}") for number in range(1000)))
        return await ledger.budget()

    budget = drive(make, tmp_path, story, wait_s=110)
    assert refused
    assert len(refused) < 1000
    spent, held = parse_usd(budget["spent_usd"]), parse_usd(budget["reserved_usd"])
    assert spent + held <= CENT
    assert CENT - spent < worst


@pytest.mark.parametrize("seed", range(3))
def test_a_caller_that_goes_away_holds_nothing(make, tmp_path, seed):
    """Cancelled before, while or after its reservation is written: in the end nothing is held and nothing is spent."""
    dice = random.Random(seed)

    async def story(ledger):
        calls = [asyncio.create_task(reserve(ledger, 10, f"r{number}")) for number in range(200)]
        for call in calls:
            if dice.random() < 0.3:
                await ledger.budget()
            call.cancel()
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        kept = [row for row in outcomes if isinstance(row, int)]
        await asyncio.gather(*getattr(ledger, "_asking", ()), return_exceptions=True)
        await ledger.budget()  # what was freed went in before this was asked
        return len(kept), await ledger.budget()

    kept, budget = drive(make, tmp_path, story)
    assert parse_usd(budget["reserved_usd"]) == kept * 10
    assert budget["spent_usd"] == "0.00"


steps = st.lists(
    st.tuples(st.sampled_from(["reserve", "settle", "unknown"]), st.integers(0, 60), st.integers(0, 4)), max_size=25
)


@settings(max_examples=25)
@given(steps=steps, limit=st.integers(0, 200))
def test_the_twin_in_memory_keeps_the_same_books(tmp_path_factory, steps, limit):
    """For any order of reserving and settling, file and twin give the same rows, the same refusals, the same money."""

    async def story(ledger):
        rows, told = [], []
        for what, amount, index in steps:
            if what == "reserve":
                try:
                    rows.append(await reserve(ledger, amount, f"r{index}", 150))
                    told.append("paid")
                except BudgetRefused as refusal:
                    told.append(str(refusal))
            elif index < len(rows):
                await (
                    settle(ledger, rows[index], amount)
                    if what == "settle"
                    else ledger.settle_unknown(rows[index], "x", 1)
                )
        return told, await ledger.budget(), await ledger.totals(by=("tier", "month"))

    home = tmp_path_factory.mktemp("home")
    assert drive(ledger_on, home, story, limit=limit) == drive(null_on, home, story, limit=limit)
