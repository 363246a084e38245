"""The way back: what was chosen, in order, and nothing kept that cannot be reached."""

import pytest

from bridge.history import History, NothingPlaying, NothingToUndo
from router.pattern import Hit, Meter, Pattern


def pattern(velocity):
    """One bar with one stroke, told apart by its velocity."""
    return Pattern(meter=Meter.parse("4/4"), bars=1, hits=(Hit(0, "kick", velocity),))


def chosen(history, count):
    """Choose so many takes, one after another."""
    takes = [history.add(pattern(1 + index % 127)) for index in range(count)]
    for take in takes:
        history.choose(take.id)
    return takes


def test_nothing_was_chosen_at_first():
    """An empty history says so in words for the musician."""
    with pytest.raises(NothingPlaying, match="generate a groove"):
        History().need_current()


def test_back_and_forth_ends_at_both_ends():
    """Undo leads to what was before, redo back, and neither beyond."""
    history = History()
    first, second = chosen(history, 2)

    assert history.step(-1) == (first, False)
    with pytest.raises(NothingToUndo, match="before this"):
        history.step(-1)
    assert history.step(1) == (second, False)
    with pytest.raises(NothingToUndo, match="undone"):
        history.step(1)


def test_a_choice_after_an_undo_ends_the_way_forth():
    """What was undone is gone once something else was chosen."""
    history = History()
    chosen(history, 2)
    history.step(-1)
    chosen(history, 1)

    assert history.ways() == {"can_undo": True, "can_redo": False}
    assert len(history) == 2


def test_a_better_answer_takes_its_drafts_place():
    """Undo after an answer leads to what was before the draft, never to the draft."""
    history = History()
    before, draft = chosen(history, 2)
    answer = history.add(pattern(99))
    history.choose(answer.id, instead_of=draft.id)

    assert history.step(-1) == (before, False)
    assert history.step(1) == (answer, False)


def test_an_edit_goes_on_under_its_own_name_and_undo_brings_back_what_it_was():
    """The playing take keeps its id through edit, undo and redo; the pattern changes."""
    history = History()
    (take,) = chosen(history, 1)
    history.amend(take, pattern(50))

    assert history.step(-1) == (take, True)
    assert take.pattern == pattern(1)
    assert history.step(1) == (take, True)
    assert take.pattern == pattern(50)


def test_what_cannot_be_reached_is_let_go_but_never_what_sounds():
    """Memory stays bounded however long a session lasts, and no sounding take is forgotten."""
    history = History()
    sounding = history.add(pattern(1))
    takes = chosen(history, 300)

    gone = history.trim([sounding.id, None])

    assert len(history) == 128
    assert sounding.id in history.takes
    assert set(gone) == {take.id for take in takes[:172]}
    with pytest.raises(NothingPlaying, match="is gone"):
        history.editable(takes[0].id)
