"""ClockEstimator: where the pulses of a MIDI clock truly are, from when they were seen.

Pure; never reads a clock. A Kalman filter of two states (time of the latest pulse, length of a pulse) with a gate that
outliers cannot pass and that three of them in a row, agreeing with each other, re-open.
"""

from __future__ import annotations

from collections import deque
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

from bridge.engine.ramp import Ramp

PULSES_PER_QUARTER: Final = 24
MIN_PULSE_SECONDS: Final = 60 / (400 * 24)
MAX_PULSE_SECONDS: Final = 60 / (15 * 24)
LOST_SECONDS: Final = 0.5
STEADY_PULSES: Final = 24
"""One quarter of agreeing pulses before a clock found in the middle of its run is believed."""

_FLOOR_VARIANCE: Final = (30e-6) ** 2  # a frame at 48 kHz is 21 us; nothing is seen finer
_FIRST_VARIANCE: Final = (2e-3) ** 2  # a new clock may be a rough one
_DRIFT: Final = 2.5e-4  # standard deviation of a pulse's length from one to the next, as a share of it
_GATE: Final = 3.0
_DOUBT: Final = 0.03  # by how much of itself a pulse's length may be wrong when three outliers do not agree
_SUSPECTS: Final = 3
_EVEN_GAPS: Final = 4
_SETTLED: Final = 8
_LOSS_PHASE: Final = 0.2  # of a pulse: how far from its place one may come that shows that others were lost
_PAUSE_PULSES: Final = 4.5
_PAUSE_PHASE: Final = 0.12  # of a pulse: by how much the first pulse after a pause misses the old clock's at least


class _Arrival(NamedTuple):
    """When a pulse was seen, its number if none since a sure one is a stray, whether it came where one was expected."""

    seen: float
    number: int
    fits: bool = True


class ClockEstimator:
    """Follows one clock. `index` counts pulses from the first; `phase` is the filtered time of pulse `index`."""

    def __init__(self, pulse_seconds: float = 60 / (120 * PULSES_PER_QUARTER)) -> None:
        self.period = pulse_seconds
        self.reset()

    def __repr__(self) -> str:
        return f"<ClockEstimator {self.bpm:.2f} bpm, pulse {self.index}, jitter {self.jitter_seconds * 1e3:.2f} ms>"

    def reset(self) -> None:
        """Forget everything but the tempo, which is the best guess for what comes."""
        self.index = -1
        self.phase = 0.0
        self.steady = 0
        self._last_seen = 0.0
        self._p00 = self._p01 = self._p11 = 0.0
        self._noise = _FIRST_VARIANCE
        self._noise_count = 0
        self._lean = 0.0
        self._kept_noise = self._noise
        self._gap = 0.0
        self._first: list[float] = []
        self._first_index = 0
        self._taken: list[int] = []  # which pulses the first ones were taken for
        self._recount = False
        self._ramp = Ramp()
        self._pending: list[float] = []  # seen since the last pulse that was believed
        self._skipped = 0  # pulses that seem lost before the first of those
        self._steps = 0  # pulses passed, by time, since the last one believed
        self._sure = True  # the last pulse was believed, and no other before it was in doubt
        self._arrivals: deque[_Arrival] = deque(maxlen=_EVEN_GAPS + 1)

    @property
    def bpm(self) -> float:
        """Quarter notes per minute."""
        return 60 / (self.period * PULSES_PER_QUARTER)

    @property
    def jitter_seconds(self) -> float:
        """Standard deviation of arrivals around the filtered pulses."""
        return float(self._noise**0.5)

    @property
    def last_seen(self) -> float:
        """When a pulse last arrived, true or not."""
        return self._last_seen

    @property
    def last_index(self) -> int:
        """Which pulse arrived last, true or not."""
        return self.index + len(self._pending)

    @property
    def outliers(self) -> int:
        """How many pulses in a row were not believed."""
        return len(self._pending)

    def time_of(self, index: float) -> float:
        """Return when pulse `index` is, by what is known now."""
        return self.phase + (index - self.index) * self.period

    def index_at(self, at: float) -> float:
        """Return which pulse, and which part of it, is at a time."""
        return self.index + (at - self.phase) / self.period

    def pulse(self, at: float) -> bool:
        """Take in a pulse seen at `at`. Returns False for one that is not believed (yet)."""
        if self.index < 0:
            self._begin(at)
            return True
        gap, self._last_seen = at - self._last_seen, at
        if gap > LOST_SECONDS:
            self._begin(at, self.index + 1)
            return True
        if self.steady < _SETTLED:
            return self._settle(at)
        if gap < 0.3 * self.period:
            self._arrivals.append(_Arrival(at, self._arrivals[-1].number + 1, fits=False))
            return self._other_tempo()  # an echo, a second clock, or a tempo so much faster
        if self._recount and len(self._first) >= STEADY_PULSES:
            self._count_again()
        passed = (at - self.phase) / self.period
        if not self._pending and passed > _PAUSE_PULSES and self._paused(passed):
            self.anchor(at)
            return True
        # Time decides how many pulses have passed; where it is torn between two, those that came are counted.
        count = len(self._pending) + 1
        slack = 0.6 if count < _SUSPECTS else 0.75
        steps = count if abs(passed - count) <= slack else max(1, round(passed))
        error = at - self.phase - steps * self.period
        # Another tempo meets the old pulses now and then: after an outlier, one that skips some of them proves nothing.
        fits = abs(error) <= _GATE * self._predict(steps) ** 0.5 and (not self._pending or steps in {1, count})
        sure, self._sure = self._sure and fits and not self._pending, fits and not self._pending
        number = self.index + steps if sure else self._arrivals[-1].number + 1
        self._arrivals.append(_Arrival(at, number, fits))
        if self._recount:
            self._first.append(at)
            self._taken.append(self.index + steps)
        if self._other_tempo():
            return True
        if fits:
            self._kept_noise = self._noise
        elif not self._suspect(at, passed):
            self._watch_noise(steps - self._steps, gap)
            self._steps = steps
            return False
        elif not self._pending:  # they agreed, and were taken
            return True
        self._watch_noise(steps - self._steps, gap)
        self._correct(at, steps, error)
        return True

    def _forget_pending(self) -> None:
        self._pending.clear()
        self._skipped = self._steps = 0

    def count_from_here(self) -> None:
        """Let the present pulse's number be right: somebody counts from it, and a recount would move him."""
        self._recount = False

    def _paused(self, passed: float) -> bool:
        """Whether a long gap was a rest of the master: pulses that were lost leave the others where they would be."""
        off = abs(passed - round(passed))
        return off > _PAUSE_PHASE and off * self.period > _GATE * self._predict(round(passed)) ** 0.5

    def anchor(self, at: float) -> None:
        """Take the pulse seen at `at` for certain, where it is: the first after a Start lies where the master says."""
        self._recount = False
        self._ramp.reset(at, self.period)
        self.index += 1
        self.phase = at
        self._p00, self._p01 = self._noise, 0.0
        self._lean = 0.0
        self._gap = 0.0
        self._forget_pending()
        self._arrivals.append(_Arrival(at, self.index))

    def _begin(self, at: float, index: int = 0) -> None:
        self.index, self.phase, self._last_seen = index, at, at
        self.steady = 1
        self._first, self._first_index = [at], index
        self._recount = True
        self._ramp.reset(at, 0.0)
        self._arrivals.clear()
        self._arrivals.append(_Arrival(at, index))
        self._gap = 0.0
        self._forget_pending()
        self._lean = 0.0

    def _settle(self, at: float) -> bool:
        """Fit a line through the first pulses: one jittery gap alone says little about the tempo."""
        if at - self._first[-1] < MIN_PULSE_SECONDS * 0.3:
            return False
        self._first.append(at)
        gaps = [later - earlier for earlier, later in pairwise(self._first)]
        places = _places(gaps)
        count = len(places)
        middle = sum(places) / count
        spread = sum((place - middle) ** 2 for place in places)
        slope, self.phase, _ = _line(places, self._first)
        self.period = min(max(slope, MIN_PULSE_SECONDS), MAX_PULSE_SECONDS)
        last = places[-1] - middle
        self.index = self._first_index + places[-1]
        self._taken = [self._first_index + place for place in places]
        self.steady = count
        if count > 2:
            self._noise += (_scatter(gaps) - self._noise) / 2
            self._noise = max(self._noise, _FLOOR_VARIANCE)
            self._noise_count = count
        noise = self._kept_noise = self._noise
        self._p00 = noise * (1 / count + last * last / spread)
        self._p01, self._p11 = noise * last / spread, noise / spread
        self._gap = gaps[-1]
        self._arrivals.append(_Arrival(at, self.index))
        self._ramp.reset(self.phase, self.period)
        return True

    def _predict(self, steps: int) -> float:
        """Return the variance of what is expected of the pulse `steps` on."""
        p00 = self._p00 + steps * (2 * self._p01 + steps * self._p11)
        return p00 + self._noise + steps * (_DRIFT * self.period) ** 2

    def _correct(self, at: float, steps: int, error: float) -> None:
        drift = (_DRIFT * self.period) ** 2
        # A lean is a run of errors to one side: the tempo is moving, so let the length move faster.
        p11 = self._p11 + steps * drift * (1 + 40 * max(0.0, self._lean**2 - 0.35))
        p00 = self._p00 + steps * (2 * self._p01 + steps * self._p11)
        p01 = self._p01 + steps * self._p11
        total = p00 + self._noise
        gain_phase, gain_period = p00 / total, p01 / total
        self._forget_pending()
        self.index += steps
        self.phase += steps * self.period + gain_phase * error
        self.period += gain_period * error
        self.period = min(max(self.period, MIN_PULSE_SECONDS), MAX_PULSE_SECONDS)
        self._p00, self._p01, self._p11 = (1 - gain_phase) * p00, (1 - gain_phase) * p01, p11 - gain_period * p01
        self._lean += 0.15 * (error / total**0.5 - self._lean)
        self.steady += 1
        self._ramp.pulse(at, steps)
        if self._ramp.moves(self._noise):
            self.phase, self.period = self._ramp.phase, self._ramp.period

    def _count_again(self) -> None:
        """After a quarter a line tells whether the gaps that seemed to have lost pulses were only wide ones."""
        self._recount = False
        counted = list(range(self._first_index, self._first_index + len(self._first)))
        if self._taken == counted:
            return
        slope, last, misfit = _line(counted, self._first)
        if misfit < _line(self._taken, self._first)[2]:
            self.index, self.phase = counted[-1], last
            self.period = min(max(slope, MIN_PULSE_SECONDS), MAX_PULSE_SECONDS)
            self._forget_pending()
            self._ramp.reset(self.phase, self.period)

    def _watch_noise(self, steps: int, gap: float) -> None:
        """Second differences of arrivals see jitter and not tempo: their variance is six times the jitter's."""
        if steps != 1:
            self._gap = 0.0
            return
        if self._gap:
            difference = min(abs(gap - self._gap), 0.5 * self.period)
            self._noise_count = min(self._noise_count + 1, 48)
            self._noise += (difference**2 / 6 - self._noise) / (self._noise_count + 3)
            self._noise = max(self._noise, _FLOOR_VARIANCE)
        self._gap = gap

    def _suspect(self, at: float, passed: float) -> bool:
        """Keep an outlier. After three, either they agree on a new clock or the gate was too narrow."""
        if not self._pending:  # an xrun loses some and shifts the rest a little; a master held up loses none
            near = round(passed)
            self._skipped = near - 1 if near > 1 and abs(passed - near) < _LOSS_PHASE else 0
        self._pending.append(at)
        if len(self._pending) < _SUSPECTS:
            return False
        times = self._pending[-_SUSPECTS:]
        gaps = [later - earlier for earlier, later in pairwise(times)]
        if max(gaps) - min(gaps) < 0.05 * self.period + 3 * self._kept_noise**0.5:
            mean = sum(gaps) / len(gaps)
            if self._pending[0] - self.phase < 1.5 * mean:
                self._skipped = 0  # so slow a tempo, and none lost
            if abs(mean / self.period - 1) > 0.02:
                self._noise = self._kept_noise  # a step of tempo is no jitter
                self._reopen(times, self._arrivals[-1].number + self._skipped)
            else:
                self._shift(times, self.index + self._skipped + len(self._pending))
        else:
            self._p11 += (_DOUBT * self.period) ** 2
        return True

    def _other_tempo(self) -> bool:
        """Even gaps of quite another length: half, double or any other tempo, which nearest pulses cannot tell."""
        if len(self._arrivals) < _EVEN_GAPS + 1:
            return False
        times = [arrival.seen for arrival in self._arrivals]
        mean = (times[-1] - times[0]) / _EVEN_GAPS
        if abs(mean / self.period - 1) < 0.15 or not MIN_PULSE_SECONDS <= mean <= MAX_PULSE_SECONDS:
            return False
        gaps = [later - earlier for earlier, later in pairwise(times)]
        slow = min(gaps) > 1.2 * self.period  # none came where the old tempo has its next pulse
        far = (mean - self.period) ** 2 > 2 * self._kept_noise
        uneven = max(abs(gap - mean) for gap in gaps) / mean
        if uneven > (0.3 if slow else 0.15 if far else 0.1):
            met = sum(arrival.fits for arrival in self._arrivals)
            if met > 1 or _line(list(range(len(times))), times)[2] > 8 * self._kept_noise:
                return False
        self._noise = self._kept_noise
        self._reopen(times, self._arrivals[0].number + _EVEN_GAPS)
        return True

    def _shift(self, times: list[float], index: int) -> None:
        """The tempo is the same, the pulses lie elsewhere: the master was held up (an xrun does that)."""
        last = len(times) - 1
        before = self.time_of(index)
        self.index = index
        self.phase = sum(at + (last - place) * self.period for place, at in enumerate(times)) / len(times)
        # A clock stamped in coarse steps looks just so each time its error wraps: a step's width tells its jitter.
        if abs(self.phase - before) < 0.6 * self.period:
            self._noise = max(self._noise, (self.phase - before) ** 2 / 12)
        self._p00, self._p01 = self._noise / len(times), 0.0
        self._ramp.reset(self.phase, self.period)
        self._lean = 0.0
        self._forget_pending()

    def _reopen(self, times: list[float], index: int) -> None:
        """Start again from arrivals that are one pulse apart, the last of them being pulse `index`."""
        gaps = len(times) - 1
        mean = (times[-1] - times[0]) / gaps
        self.index = index
        self.period = min(max(mean, MIN_PULSE_SECONDS), MAX_PULSE_SECONDS)
        self.phase = sum(times) / len(times) + mean * gaps / 2
        spread = max(self._noise, _FLOOR_VARIANCE)
        self._p00, self._p01, self._p11 = spread, spread / 2, spread
        self._recount = False
        self._ramp.reset(self.phase, self.period)
        self._lean = 0.0
        self._gap = 0.0
        self._forget_pending()
        self._arrivals.clear()
        self._arrivals.append(_Arrival(times[-1], index))


def _line(places: list[int], times: list[float]) -> tuple[float, float, float]:
    """Fit a line: (seconds a place, the time of the last place, sum of the squared misfits)."""
    count = len(places)
    middle, centre = sum(places) / count, sum(times) / count
    spread = sum((place - middle) ** 2 for place in places)
    slope = sum((p - middle) * (t - centre) for p, t in zip(places, times, strict=True)) / spread
    misfit = sum((t - centre - slope * (p - middle)) ** 2 for p, t in zip(places, times, strict=True))
    return slope, centre + slope * (places[-1] - middle), misfit


def _places(gaps: list[float]) -> list[int]:
    """Return which pulse each of the first ones is; a gap much wider than any usual one had pulses lost in it."""
    usual = sorted(gaps)[len(gaps) // 2]
    wide = 1.7 * usual
    # A rough clock has wide gaps without any loss, which is rare: to count one, the others have to be even.
    uneven = max(abs(gap - usual) for gap in gaps if gap <= wide)
    wide = max(wide, usual + 3 * uneven) if len(gaps) > 3 else float("inf")
    return list(accumulate((round(gap / usual) if gap > wide else 1 for gap in gaps), initial=0))


def _scatter(gaps: list[float]) -> float:
    """Return the variance of jitter that the gaps' differences show."""
    squares = [(later - earlier) ** 2 / 6 for earlier, later in pairwise(gaps)]
    return sum(squares) / len(squares)
