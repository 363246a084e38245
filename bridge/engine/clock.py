"""ClockEstimator: where the pulses of a MIDI clock truly are, from when they were seen.

Pure; never reads a clock. A Kalman filter of two states (time of the latest pulse, length of a pulse) with a gate that
outliers cannot pass and that three of them in a row, agreeing with each other, re-open.
"""

from __future__ import annotations

from collections import deque
from typing import Final

PULSES_PER_QUARTER: Final = 24
MIN_PULSE_SECONDS: Final = 60 / (400 * 24)
MAX_PULSE_SECONDS: Final = 60 / (15 * 24)
LOST_SECONDS: Final = 0.5
STEADY_PULSES: Final = 24
"""One quarter of agreeing pulses before a clock found in the middle of its run is believed."""

_FLOOR_VARIANCE: Final = (30e-6) ** 2  # a frame at 48 kHz is 21 us; nothing is seen finer
_DRIFT: Final = 2.0e-4  # standard deviation of a pulse's length from one to the next, as a share of it
_GATE: Final = 3.0
_SUSPECTS: Final = 3


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
        self.outliers = 0
        self._last_seen = 0.0
        self._p00 = self._p01 = self._p11 = 0.0
        self._noise = (0.5e-3) ** 2
        self._noise_count = 0
        self._lean = 0.0
        self._suspects: list[float] = []
        self._gaps: deque[float] = deque(maxlen=2)
        self._doubles = 0

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
        seen, self._last_seen = self._last_seen, at
        if at - seen > LOST_SECONDS:
            self._begin(at, self.index + 1)
            return True
        if self.steady < 2:
            return self._second(at)
        steps = max(0, round((at - self.phase) / self.period))
        error = at - self.phase - steps * self.period
        variance = self._predict(steps)
        if steps == 0:
            return self._double(at)
        if abs(error) > _GATE * variance**0.5 and not self._suspect(at):
            return False
        if self._suspects:  # three agreed and were taken
            self._suspects.clear()
            return True
        self._correct(steps, error)
        self._watch_noise(steps, at - seen)
        return True

    def _begin(self, at: float, index: int = 0) -> None:
        self.index, self.phase, self._last_seen = index, at, at
        self.steady = 1
        self._p00, self._p01, self._p11 = self._noise, 0.0, (0.2 * self.period) ** 2
        self._suspects.clear()
        self._gaps.clear()
        self._lean = 0.0

    def _second(self, at: float) -> bool:
        """The second pulse gives the first measured length; the guess before it is only a guess."""
        gap = at - self.phase
        if gap < MIN_PULSE_SECONDS * 0.5:
            return False
        self.period = min(max(gap, MIN_PULSE_SECONDS), MAX_PULSE_SECONDS)
        self.index += 1
        self.phase = at
        self.steady = 2
        self._p00, self._p01, self._p11 = self._noise, self._noise, 2 * self._noise
        self._gaps.append(gap)
        return True

    def _predict(self, steps: int) -> float:
        """Return the variance of what is expected of the pulse `steps` on."""
        p00 = self._p00 + steps * (2 * self._p01 + steps * self._p11)
        return p00 + self._noise + steps * (_DRIFT * self.period) ** 2

    def _correct(self, steps: int, error: float) -> None:
        drift = (_DRIFT * self.period) ** 2
        # A lean is a run of errors to one side: the tempo is moving, so let the length move faster.
        p11 = self._p11 + steps * drift * (1 + 40 * max(0.0, self._lean**2 - 0.35))
        p00 = self._p00 + steps * (2 * self._p01 + steps * self._p11)
        p01 = self._p01 + steps * self._p11
        total = p00 + self._noise
        gain_phase, gain_period = p00 / total, p01 / total
        self.index += steps
        self.phase += steps * self.period + gain_phase * error
        self.period += gain_period * error
        self.period = min(max(self.period, MIN_PULSE_SECONDS), MAX_PULSE_SECONDS)
        self._p00, self._p01, self._p11 = (1 - gain_phase) * p00, (1 - gain_phase) * p01, p11 - gain_period * p01
        self._lean += 0.15 * (error / total**0.5 - self._lean)
        self.steady += 1
        self.outliers = 0
        self._doubles = 0

    def _watch_noise(self, steps: int, gap: float) -> None:
        """Second differences of arrivals see jitter and not tempo: their variance is six times the jitter's."""
        if steps != 1:
            self._gaps.clear()
            return
        if self._gaps:
            square = (gap - self._gaps[-1]) ** 2 / 6
            self._noise_count = min(self._noise_count + 1, 32)
            share = 1 / (self._noise_count + 3)
            self._noise += share * (min(square, 9 * self._noise) - self._noise)
            self._noise = max(self._noise, _FLOOR_VARIANCE)
        self._gaps.append(gap)

    def _double(self, at: float) -> bool:
        """A pulse nearer to the last one than to the next: an echo, or a tempo more than twice as fast."""
        self._doubles += 1
        if self._doubles >= 2:
            self._suspect(at)
            if self._suspects and len(self._suspects) >= _SUSPECTS + 1:
                return self._reopen()
        else:
            self._suspects.append(at)
        return False

    def _suspect(self, at: float) -> bool:
        """Keep an outlier; True when enough of them agree on a new clock, which is then taken."""
        self.outliers += 1
        self._gaps.clear()
        self._suspects.append(at)
        del self._suspects[: -_SUSPECTS - 1]
        if self.outliers < _SUSPECTS:
            return False
        return self._reopen()

    def _reopen(self) -> bool:
        times = self._suspects
        gaps = [later - earlier for earlier, later in zip(times, times[1:], strict=False)]
        if not gaps or max(gaps) > 1.3 * min(gaps) + 4 * self._noise**0.5:
            return False
        mean = (times[-1] - times[0]) / len(gaps)
        if not MIN_PULSE_SECONDS <= mean <= MAX_PULSE_SECONDS:
            return False
        self.index += len(times)
        self.period = mean
        middle = sum(times) / len(times)
        self.phase = middle + mean * len(gaps) / 2
        spread = max(self._noise, _FLOOR_VARIANCE)
        self._p00, self._p01, self._p11 = spread, spread / 2, spread
        self.outliers = 0
        self._doubles = 0
        self._lean = 0.0
        return True
