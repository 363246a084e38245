"""The takes of a session in the order they were chosen, and the way back and forth through them. Pure.

Knows no engine: it says which takes are needed no more and which have changed; the session tells whoever plays them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any, Final

from bridge.takes import Take, with_family
from router.pattern import Pattern
from router.request import GrooveRequest
from router.song import Song

_KEEP: Final = 128
"""Takes that undo can go back to."""
_FRESH: Final = 8
"""The last takes are kept in any case: one may be on its way to the timeline."""


class NothingPlaying(Exception):
    """The action needs a playing pattern."""


class NothingToUndo(Exception):
    """There is nothing before, or nothing after."""


class History:
    """See the module's first line. `takes` has every take that plays, will play, or can be gone back to, by its id."""

    def __init__(self) -> None:
        self.takes: dict[str, Take] = {}
        self._chosen: list[str] = []
        self._cursor = -1
        self._numbers = itertools.count(1)

    def __len__(self) -> int:
        return len(self._chosen)

    def add(
        self, pattern: Pattern, request: GrooveRequest | None = None, route: Mapping[str, Any] | None = None
    ) -> Take:
        """Return a new take, not chosen yet."""
        take = Take(f"t-{next(self._numbers)}", pattern, request, route)
        self.takes[take.id] = take
        return take

    def add_song(self, song: Song, route: Mapping[str, Any] | None) -> list[Take]:
        """Return the takes of a song's parts, not chosen yet; the first is its head."""
        takes = [self.add(section.pattern) for section in song.sections]
        for take in takes:
            take.head, take.route = takes[0].id, route
        takes[0].song, takes[0].parts = song, tuple(take.id for take in takes)
        return takes

    def choose(self, identity: str, instead_of: str | None = None) -> None:
        """Make a take the current one, in the place of the one it betters; what was undone is gone with that."""
        if instead_of is not None and self._cursor >= 0 and self._chosen[self._cursor] == instead_of:
            self._chosen[self._cursor] = identity
            return
        del self._chosen[self._cursor + 1 :]
        self._chosen.append(identity)
        self._cursor = len(self._chosen) - 1

    def trim(self, sounding: Iterable[str | None]) -> list[str]:
        """Let go of what undo reaches no more; return the ids of the takes that are gone."""
        while len(self._chosen) > _KEEP:
            self._chosen.pop(0)
            self._cursor -= 1
        kept = with_family({*self._chosen, *sounding, *list(self.takes)[-_FRESH:]}, self.takes)
        gone = [identity for identity in self.takes if identity not in kept]
        for identity in gone:
            del self.takes[identity]
        return gone

    def current(self) -> Take | None:
        """Return what the musician chose last: what plays, or what is about to."""
        return self.takes.get(self._chosen[self._cursor]) if self._cursor >= 0 else None

    def need_current(self) -> Take:
        """Return the current take.

        Raises:
            NothingPlaying: If nothing was chosen yet.
        """
        take = self.current()
        if take is None:
            raise NothingPlaying("nothing plays yet; generate a groove or play a pattern first")
        return take

    def reachable(self) -> list[str]:
        """Return the ids of all that undo and redo lead to, songs with all their parts."""
        family = with_family(self._chosen, self.takes)
        return [identity for identity in self.takes if identity in family]

    def find(self, identity: str) -> Pattern | None:
        """Return a pattern that plays, or that undo can still reach, by the pattern's id."""
        return next((take.pattern for take in reversed(self.takes.values()) if take.pattern.id == identity), None)

    def ways(self) -> dict[str, bool]:
        """Return whether there is a way back and a way forth."""
        return {"can_undo": self._cursor > 0, "can_redo": self._cursor + 1 < len(self._chosen)}

    def go_to(self, identity: str | None) -> None:
        """Make a take that was chosen before the current one, if it is still there."""
        if identity in self._chosen:
            self._cursor = self._chosen.index(identity)

    def step(self, by: int) -> tuple[Take, bool]:
        """Undo (-1) or redo (+1); return the take to go to, and whether it is another version of the one that plays.

        Versions of one edited groove change places, so that the playing take goes on under its own name.

        Raises:
            NothingToUndo: At either end.
        """
        if not 0 <= self._cursor + by < len(self._chosen):
            raise NothingToUndo("nothing was played before this" if by < 0 else "nothing was undone")
        here, there = self.need_current(), self.takes[self._chosen[self._cursor + by]]
        self._cursor += by
        if not here.family or here.family != there.family:
            return there, False
        here.pattern, there.pattern = there.pattern, here.pattern
        here.request, there.request = there.request, here.request
        here.route, there.route = there.route, here.route
        self._chosen[self._cursor - by], self._chosen[self._cursor] = there.id, here.id
        return here, True

    def editable(self, identity: str | None) -> Take:
        """Return a take that may be edited: the current one, or one by its id that undo can reach.

        Raises:
            NothingPlaying: If there is no such take any more.
        """
        take = self.need_current() if identity is None else self.takes.get(identity)
        if take is None or not {take.id, take.head} & set(self._chosen):
            raise NothingPlaying(f"the groove {identity!r:.40} is gone; edit the one that plays")
        return take

    def amend(self, take: Take, pattern: Pattern) -> None:
        """Change an editable take where it lies; undo leads back to what it was.

        A part of a song is changed without a way back of its own: undo goes from song to song.
        """
        if not take.head:
            take.family = take.family or take.id
            before = self.add(take.pattern, take.request, take.route)
            before.family = take.family
            index = self._chosen.index(take.id)
            if index == self._cursor:
                del self._chosen[index + 1 :]
            self._chosen.insert(index, before.id)
            self._cursor += index <= self._cursor
            take.request = None
        take.pattern, take.source, take.turned = pattern, None, {}
