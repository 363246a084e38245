/* Time: the server's clock as seen from here, and where the music is at any instant of it.
   Pure; reads no clock itself. A position is always worked out, never "what the last message said". */

const PER_SECOND = 16; // ticks a second at 1 bpm: 960 / 60
const KEEP_S = 90;

/** Lines this page's clock up with the server's: of many pings, the least round trip tells the offset best. */
export class ServerClock {
	#samples = [];
	offset = 0;
	trip = Infinity;

	/** Take in a ping: sent and received in seconds of our clock, t the server's answer. */
	add(sent, received, t) {
		this.#samples = this.#samples.filter((s) => received - s.at < KEEP_S).slice(-60);
		this.#samples.push({ at: received, trip: received - sent, offset: t - (sent + received) / 2 });
		const best = this.#samples.reduce((a, b) => (b.trip < a.trip ? b : a));
		this.offset = best.offset;
		this.trip = best.trip;
	}

	/** Forget all: another server has another clock. */
	reset() {
		this.#samples = [];
		this.trip = Infinity;
	}
}

/** The song's tick at server time t (seconds); it stands still while nothing plays. */
export function tickAt(transport, t) {
	const { state, tick = 0, bpm = 120 } = transport;
	return state === "playing" && transport.t !== undefined ? tick + (t - transport.t) * bpm * PER_SECOND : tick;
}

/** The server time of a tick, under the present tempo. */
export function timeOf(transport, tick) {
	return transport.t + (tick - (transport.tick ?? 0)) / (transport.bpm * PER_SECOND);
}

/** {bar, beat, inside}: bar and beat from 1 at a song tick, and the fraction of the beat that has gone. */
export function locate(transport, tick) {
	const [barTicks, beats] = transport.meter ?? [3840, [960, 960, 960, 960]];
	const beat = transport.beat ?? 1;
	const whole = Math.floor(beat);
	const into = beats.slice(0, whole - 1).reduce((a, b) => a + b, 0) + (beat - whole) * (beats[whole - 1] ?? 0);
	const start = Math.floor(Math.max(0, transport.tick ?? 0)) - into; // where the bar of the last message began; its beat is of the whole tick
	const rest = Math.max(0, tick) - start + 0.5; // half a tick: a bar line that was rounded down is still one
	const bars = Math.floor(rest / barTicks);
	let left = rest - bars * barTicks;
	for (let i = 0; i < beats.length; i += 1) {
		if (left < beats[i]) return { bar: (transport.bar ?? 1) + bars, beat: i + 1, inside: left / beats[i] };
		left -= beats[i];
	}
	return { bar: (transport.bar ?? 1) + bars, beat: beats.length, inside: 1 };
}

/** Where in a looping pattern the song is: 0 .. ticks, or null before its start. */
export function inLoop(tick, origin, ticks) {
	return (((tick - origin) % ticks) + ticks) % ticks;
}
