"""Songs, refinement, batches and audio with models: who is asked, what fails alone, and what it costs at most.

Prices are the routing document's; token counts are those of the texts (four characters a token in, three out).
"""

import asyncio
import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from router import groove, studio
from router.budget import Usage
from router.call import FINISHED, Done
from router.composing import compose
from router.config import RouterConfig
from router.dispatch import Router
from router.errors import Busy, InvalidRequest
from router.form import read_sections
from router.hearing import Analysis, Onset, Section
from router.notation import write
from router.providers.scripted import Scripted
from router.request import GrooveRequest
from router.revising import make, music, refine
from router.song import SongWish

DOCUMENT = "claude-haiku-5-5=0.25/1.25,claude-sonnet-5-5=3.00/15.00,claude-opus-4-5-20251101=15.00/75.00"
WORDS = "gravel rolling down a long staircase, then somebody remembers the tune"
FORM = read_sections("intro:4 verse:8 chorus:8")


def reply(call, *, yes=True, wrong=(), sections=("intro", "verse", "chorus")):
    """Answer as a willing model does; patterns whose length is in `wrong` are prose instead."""
    user = call.turns[-1][1]
    if call.schema:
        fields = call.schema["properties"]
        text = {
            "sections": {"sections": list(sections), "bars": [4, 8, 8], "energies": [0.3, 0.5, 0.9],
                         "directions": ["sparse hats, side stick", "steady with ghost notes", "open and loud"]},
            "yes": {"yes": yes},
            "directions": {"genre": "funk", "style": "", "feel": "tight", "directions": ["sixteenth hats " * 400]},
        }  # fmt: skip
        found = next((data for name, data in text.items() if name in fields), dict.fromkeys(fields, "x"))
        words = json.dumps(found)
    else:
        bars = [int(one) for one in re.findall(r"^bars: (\d+)", user, re.MULTILINE)]
        texts = [
            "I would rather not." if count in wrong else write(groove.generate(GrooveRequest(genre="funk", bars=count)))
            for count in bars
        ]
        words = texts[0] if len(texts) == 1 else "".join(f"# {n}\n{one}" for n, one in enumerate(texts, 1))
    tokens = (len(call.system) + sum(len(text) for _, text in call.turns)) // 4
    return (words, Done(FINISHED, Usage(tokens, len(words) // 3)))


def played(work, script=reply, **env):
    """Run a workflow against one scripted provider; return what it gave and the provider."""

    async def main():
        provider = Scripted("anthropic", [script])
        config = RouterConfig.from_env({"ANTHROPIC_API_KEY": "k", "DRUMBRIDGE_PRICES": DOCUMENT, **env})
        router = Router(config, providers={"anthropic": provider})
        try:
            return await work(router), provider
        finally:
            await router.aclose()

    return asyncio.run(main())


def dollars(route):
    """What a route cost, as the wire says it."""
    return Decimal(route.as_dict()["cost_usd"])


def tiers(route):
    """Tier and task of each attempt that was answered."""
    return {(attempt.tier, attempt.task) for attempt in route.attempts if attempt.outcome in {"ok", "repaired"}}


def song(prompt=WORDS, sections=FORM, **knobs):
    """Return the work of composing."""
    return lambda router: compose(router, SongWish(GrooveRequest(prompt=prompt, **knobs), sections))


# Songs --------------------------------------------------------------------------------------------------------------


def test_a_song_is_planned_written_and_combined_within_its_price():
    """Advanced plans and combines, balanced writes each section; 3 to 5 cents at the document's prices, or less."""
    answer, _ = played(song())

    assert tiers(answer.route) == {("advanced", "song_composition"), ("balanced", "pattern_generation")}
    assert [section.name for section in answer.song.sections] == ["intro", "verse", "chorus"]
    assert all("anthropic" in section.pattern.meta["generator"] for section in answer.song.sections)
    assert answer.song.sections[2].energy == 0.9
    assert not answer.route.degraded
    assert 0 < dollars(answer.route) <= Decimal("0.05")


def test_a_song_without_words_or_keys_costs_nothing():
    """Knobs alone, tier local, or no key: the embedded drummer plays all of it."""
    for work, env in ((song(prompt=""), {}), (song(tier="local"), {}), (song(), {"DRUMBRIDGE_OFFLINE": "true"})):
        answer, provider = played(work, **env)
        assert provider.calls == []
        assert dollars(answer.route) == 0
        assert answer.song.bars == 20


def test_a_failing_section_is_the_fallbacks_and_fails_nothing():
    """Prose for the intro alone: the other sections are the model's, the intro is the embedded drummer's."""
    answer, _ = played(song(), lambda call: reply(call, wrong=(4,)))

    makers = [section.pattern.meta["generator"] for section in answer.song.sections]
    assert makers[0] == "embedded"
    assert all("anthropic" in one for one in makers[1:])
    assert answer.route.degraded
    assert any("intro" in note for note in answer.route.notes)


def test_a_song_survives_that_nobody_answers():
    """Every call fails: the song is whole, free, degraded, and says why."""
    busy = lambda _: (Busy("anthropic", 0.0, "overloaded"),)  # noqa: E731 - a script
    answer, _ = played(song(), busy, AI_TIMEOUT_ADVANCED="1", AI_TIMEOUT_BALANCED="1")

    assert answer.song.bars == 20
    assert dollars(answer.route) == 0
    assert answer.route.degraded
    assert answer.route.notes


def test_the_first_version_is_there_before_anybody_is_asked():
    """on_song gets the whole song first, then each version with more sections by models."""
    heard = []

    def work(router):
        return compose(router, SongWish(GrooveRequest(prompt=WORDS), FORM), on_song=heard.append)

    answer, _ = played(work)

    assert {section.pattern.meta["generator"] for section in heard[0].sections} == {"embedded"}
    assert len(heard) >= 4
    assert heard[-1].id == answer.song.id


def test_a_song_stays_below_its_ceiling():
    """With a cent there is a song, and it costs a cent at most."""
    answer, _ = played(song(max_cost_usd="0.01"))

    assert answer.song.bars == 20
    assert dollars(answer.route) <= Decimal("0.01")


def test_parts_that_return_are_written_once():
    """Two verses and two choruses are two calls for notes."""
    answer, provider = played(song(sections=read_sections("verse:8 chorus:8 verse:8 chorus:8"), tier="balanced"))
    asked = [
        bars
        for call in provider.calls
        if not call.schema
        for bars in re.findall(r"^bars: ", call.turns[-1][1], re.MULTILINE)
    ]

    assert len(asked) == 2
    assert answer.song.bars == 32


def test_a_song_is_one_press_for_the_valve():
    """Where a source may cause one paid call a minute, a song's sections still come; a second song has to wait."""

    async def two(router):
        request = GrooveRequest(prompt=WORDS)
        first = await compose(router, SongWish(request, FORM), source="socket")
        second = await compose(router, SongWish(GrooveRequest(prompt=WORDS, seed=1), FORM), source="socket")
        return first, second

    (first, second), _ = played(two, DRUMBRIDGE_PAID_PER_MINUTE="1", DRUMBRIDGE_PAID_PER_HOUR="2")

    assert not first.route.degraded
    assert dollars(first.route) > 0
    assert second.song.bars == 20
    assert dollars(second.route) == 0


def test_a_song_without_a_plan_is_still_written():
    """A model that cannot plan can write: the sections are its own, the form is the musician's."""

    def only_notes(call):
        return reply(call) if not call.schema else ("no JSON today", Done(FINISHED, Usage(100, 5)))

    answer, _ = played(
        lambda router: compose(router, SongWish(GrooveRequest(prompt=WORDS), FORM), source="socket"),
        only_notes,
        DRUMBRIDGE_PAID_PER_MINUTE="4",
    )

    assert all("anthropic" in section.pattern.meta["generator"] for section in answer.song.sections)
    assert {attempt.task for attempt in answer.route.attempts} == {"song_composition", "pattern_generation"}
    assert any("no model planned it" in note for note in answer.route.notes)


# Single and refinement ----------------------------------------------------------------------------------------------


def test_a_single_pattern_costs_half_a_cent_at_most():
    """One balanced answer at the document's prices."""
    answer, _ = played(lambda router: router.route(GrooveRequest(prompt=WORDS)))

    assert answer.route.tier == "balanced"
    assert 0 < dollars(answer.route) <= Decimal("0.005")


def test_words_that_rules_understand_cost_nothing():
    """Busier hats need no model, key or not."""
    rock = groove.generate(GrooveRequest(genre="rock", seed=1))
    answer, provider = played(lambda router: refine(router, rock, "busier hats, keep the kick", GrooveRequest()))

    assert provider.calls == []
    assert answer.route.workflow == "refine"


@pytest.mark.parametrize("ratio", ["3:4", "5 over 4", "polyrhythm 7:8"])
def test_a_ratio_is_laid_over_a_groove_by_rules(ratio):
    """It is exact and needs no model; a picture of one does, and its name is no prompt."""
    rock = groove.generate(GrooveRequest(genre="rock", bars=2, seed=3))

    ruled, provider = played(lambda router: music(router, "polyrhythm", GrooveRequest(prompt=ratio), rock))
    told, _ = played(
        lambda router: music(router, "polyrhythm", GrooveRequest(prompt=f"{ratio} like hail on tin"), rock)
    )

    assert provider.calls == []
    assert ruled.pattern.meta["polyrhythm"]
    assert dollars(told.route) > 0
    assert told.pattern.name == f"polyrhythm, {rock.name}"


@pytest.mark.parametrize("words", ["make it faster", "140 bpm", "play it in 7/8", "make it 8 bars long"])
def test_no_model_is_paid_for_what_no_stroke_can_answer(words):
    """Tempo, metre and length are settings, and the error says so."""
    rock = groove.generate(GrooveRequest(genre="rock", bars=2, seed=3))
    with pytest.raises(InvalidRequest, match="settings"):
        played(lambda router: refine(router, rock, words, GrooveRequest()))


def test_words_beyond_the_rules_change_only_what_they_speak_of():
    """A model writes; lanes that were not meant are the original's, for two cents at most."""
    rock = groove.generate(GrooveRequest(genre="rock", seed=1))
    answer, _ = played(lambda router: refine(router, rock, "make the snare tell a story", GrooveRequest()))

    assert {hit.voice for hit in set(answer.pattern.hits) ^ set(rock.hits)} <= {"snare"}
    assert answer.route.tier == "balanced"
    assert 0 < dollars(answer.route) <= Decimal("0.02")


def test_rules_that_only_a_model_can_judge_are_asked_of_the_fast_tier():
    """Init balanced, validate fast, and no fix where the answer is yes."""
    request = GrooveRequest(prompt=WORDS, workflow="refine", constraints=("no crash", "feels like rain"))
    answer, _ = played(lambda router: make(router, request))

    assert tiers(answer.route) == {("balanced", "pattern_generation"), ("fast", "yes_no")}
    assert answer.route.workflow == "refine"
    assert not any(hit.voice.startswith("crash") for hit in answer.pattern.hits)
    assert dollars(answer.route) <= Decimal("0.02")


def test_at_most_three_rounds_and_the_best_is_kept():
    """A rule that is never met is mended three times; there is a pattern, and the route says what is not held."""
    request = GrooveRequest(prompt=WORDS, workflow="refine", constraints=("feels like rain",))
    answer, provider = played(lambda router: make(router, request), lambda call: reply(call, yes=False))

    assert sum(not call.schema for call in provider.calls) == 4
    assert answer.pattern.hits
    assert any("feels like rain" in note for note in answer.route.notes)
    assert dollars(answer.route) <= Decimal("0.02")


def test_a_later_round_that_is_worse_is_not_kept():
    """One rule broken beats two, whichever came last."""
    verdicts = iter([False, True])
    request = GrooveRequest(prompt=WORDS, workflow="refine", constraints=("feels like rain", "smells of moss"))
    answer, _ = played(lambda router: make(router, request), lambda call: reply(call, yes=next(verdicts, False)))

    assert answer.pattern.meta["seed"] == 0


def test_refinement_without_an_answer_keeps_the_groove():
    """Nobody answers: nothing was changed, and that is said."""
    rock = groove.generate(GrooveRequest(genre="rock", seed=1))
    busy = lambda _: (Busy("anthropic", 0.0, "overloaded"),)  # noqa: E731 - a script
    answer, _ = played(
        lambda router: refine(router, rock, "like a waterfall", GrooveRequest()), busy, AI_TIMEOUT_BALANCED="1"
    )

    assert answer.pattern == rock
    assert answer.route.degraded


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("add a cowbell on every beat", "of hat closed, 1 stroke of cowbell left out: one"),
        ("add a cowbell on every beat, keep the hats", "4 strokes of cowbell left out: one"),
        ("louder snare", "snare louder"),
        ("no snare, no kick", "left"),
    ],
)
def test_what_one_drummer_cannot_play_gives_way_and_is_said(words, said):
    """A third hand is nobody's: of what was not spoken of, the least goes, and the musician is told what."""
    plain = GrooveRequest(genre="rock", style="straight", seed=1, fill_amount=0.0)
    answer, _ = played(lambda router: refine(router, groove.generate(plain), words, GrooveRequest(tier="local")))

    assert said in " ".join(answer.route.notes)
    assert not groove.flaws(answer.pattern, 120.0)


@pytest.mark.parametrize("words", ["undo", "go back", "undo that!"])
def test_undo_is_no_change_of_strokes(words):
    """It is refused with the command that does it, and no model is paid."""
    with pytest.raises(InvalidRequest) as caught:
        played(lambda router: refine(router, groove.generate(GrooveRequest()), words, GrooveRequest()))
    assert "undo" in caught.value.hint


@pytest.mark.parametrize("words", ["", "  ", "like a waterfall", "kick and " * 200])
def test_refinement_without_a_model_says_what_it_can_do(words):
    """Empty words, or words that only a model understands: a clear error."""
    rock = groove.generate(GrooveRequest(genre="rock", seed=1))
    with pytest.raises(InvalidRequest) as caught:
        played(lambda router: refine(router, rock, words, GrooveRequest(tier="local")))
    assert caught.value.field == "instruction"


# Batches ------------------------------------------------------------------------------------------------------------


def test_one_failing_item_of_a_batch_is_one_error():
    """Results come in order; the bad name costs its own item."""
    requests = [GrooveRequest(genre="funk", seed=1), GrooveRequest(genre="polka"), GrooveRequest(genre="jazz")]
    told = []
    results, _ = played(lambda router: studio.many(router, requests, on_answer=lambda index, _: told.append(index)))

    assert [isinstance(one, InvalidRequest) for one in results] == [False, True, False]
    assert sorted(told) == [0, 1, 2]


def test_a_batch_shares_calls_and_pays_once_for_the_guide():
    """Four wishes of one kind take fewer calls than wishes, and cost less than one by one."""
    requests = [GrooveRequest(prompt=WORDS, seed=seed) for seed in range(4)]

    async def singly(router):
        return [await router.route(request) for request in requests]

    together, provider = played(lambda router: studio.many(router, requests))
    alone, _ = played(singly)

    assert len(provider.calls) < 4
    assert sum(map(dollars, (one.route for one in together))) < sum(map(dollars, (one.route for one in alone)))


# Audio --------------------------------------------------------------------------------------------------------------

HEARD = Analysis(
    16.0, 120.0, 0.9, tuple(beat / 2 for beat in range(32)), tuple(2.0 * bar for bar in range(8)), "4/4", 0.5, 16,
    (Section(0.0, 16.0, 0.7),),
    tuple(Onset(half / 4, "hat" if half % 4 else "kick", 90) for half in range(64)),
)  # fmt: skip


async def hears(_path, *, on_progress=None, **_):
    """Stand in for the listening process."""
    if on_progress is not None:
        on_progress("listening", 1.0)
    return HEARD


def test_an_analysis_shows_numbers_to_the_expert_and_has_the_balanced_tier_write(monkeypatch):
    """Expert reads figures, balanced writes a groove in the file's tempo; 15 to 25 cents at the document's prices."""
    monkeypatch.setattr(studio, "hear", hears)
    env = {"AI_MAX_COST_PER_REQUEST": "0.50", "AI_MODEL_EXPERT": "claude-opus-4-5-20251101"}
    heard, provider = played(lambda router: studio.analyze(router, Path("x.wav"), GrooveRequest()), **env)

    assert tiers(heard.route) == {("expert", "audio_analysis"), ("balanced", "pattern_generation")}
    assert len(heard.patterns) == 2
    assert heard.patterns[0].tempo == 120
    assert "x.wav" not in json.dumps([call.turns for call in provider.calls])
    assert 0 < dollars(heard.route) <= Decimal("0.25")


def test_an_analysis_without_a_key_is_the_transcription(monkeypatch):
    """What was heard is the groove, at no cost."""
    monkeypatch.setattr(studio, "hear", hears)
    heard, provider = played(lambda router: studio.analyze(router, Path("x.wav"), GrooveRequest(tier="local")))

    assert provider.calls == []
    assert [pattern.name for pattern in heard.patterns] == ["what was heard"]
    assert heard.route.model == "transcription"


def test_an_analysis_that_nobody_can_answer_is_the_transcription(monkeypatch):
    """The music is there; the route says that a model was wanted."""
    monkeypatch.setattr(studio, "hear", hears)
    busy = lambda _: (Busy("anthropic", 0.0, "overloaded"),)  # noqa: E731 - a script
    heard, _ = played(
        lambda router: studio.analyze(router, Path("x.wav"), GrooveRequest()), busy, AI_TIMEOUT_EXPERT="1"
    )

    assert len(heard.patterns) == 1
    assert heard.route.degraded
    assert heard.route.notes
