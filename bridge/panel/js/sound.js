/* A drum kit of oscillators and one noise buffer, for any audio context, offline ones too. About forty-five lines.
   Plays what it is told, when it is told; knows no clock and no pattern but in `perform`. */

const NOISE = new WeakMap();

function noise(ctx) {
	if (!NOISE.has(ctx)) {
		const buffer = ctx.createBuffer(1, ctx.sampleRate, ctx.sampleRate);
		const data = buffer.getChannelData(0);
		for (let i = 0, seed = 1; i < data.length; i += 1) data[i] = ((seed = (seed * 16807) % 2147483647) / 1073741823.5) - 1;
		NOISE.set(ctx, buffer);
	}
	return NOISE.get(ctx);
}

// [kind, frequency in Hz, decay in seconds, level]
const KIT = {
	kick: ["drop", 52, 0.32, 1], snare: ["snare", 190, 0.19, 0.8], rim: ["ping", 1650, 0.03, 0.5], clap: ["clap", 1300, 0.22, 0.7],
	hat_closed: ["hiss", 8200, 0.05, 0.42], hat_pedal: ["hiss", 7200, 0.035, 0.35], hat_open: ["hiss", 7600, 0.36, 0.42],
	tom_high: ["drop", 165, 0.26, 0.7], tom_mid: ["drop", 128, 0.3, 0.7], tom_low: ["drop", 98, 0.34, 0.75], tom_floor: ["drop", 76, 0.4, 0.8],
	ride: ["hiss", 6200, 0.5, 0.26], ride_bell: ["ping", 2350, 0.45, 0.28], crash: ["hiss", 4400, 1.3, 0.45], crash2: ["hiss", 5000, 1.1, 0.42],
	china: ["hiss", 3300, 0.9, 0.42], splash: ["hiss", 6600, 0.5, 0.4], cowbell: ["ping", 560, 0.2, 0.35], tambourine: ["hiss", 9000, 0.12, 0.35],
	shaker: ["hiss", 9800, 0.07, 0.3], cabasa: ["hiss", 10000, 0.05, 0.3], maracas: ["hiss", 10500, 0.04, 0.3], triangle: ["ping", 4200, 0.7, 0.22],
	claves: ["ping", 2500, 0.04, 0.45], wood_block: ["ping", 1050, 0.06, 0.45], snap: ["clap", 2100, 0.08, 0.5],
};
const OTHER = ["drop", 240, 0.16, 0.55];

/** Strike a drum at an audio time; velocity 1..127. Returns the stroke's gain node, for choking. */
export function strike(ctx, out, voice, velocity, at) {
	const [kind, hz, decay, level] = KIT[voice] ?? OTHER;
	const gain = ctx.createGain(), peak = level * (velocity / 127) ** 1.6;
	gain.connect(out);
	gain.gain.setValueAtTime(peak, at);
	if (kind === "clap") for (const gap of [0.011, 0.022]) gain.gain.setValueAtTime(peak * 0.25, at + gap - 0.004).setValueAtTime(peak, at + gap);
	gain.gain.setTargetAtTime(0, at + (kind === "clap" ? 0.024 : 0.002), decay / 4);
	const end = at + decay * 1.6 + 0.05;
	if (kind !== "drop" && kind !== "ping") {
		const source = ctx.createBufferSource(), filter = ctx.createBiquadFilter();
		source.buffer = noise(ctx);
		source.loop = true;
		Object.assign(filter, { type: kind === "hiss" ? "highpass" : "bandpass" }).frequency.value = kind === "snare" ? 2400 : hz;
		filter.Q.value = kind === "hiss" ? 0.9 : 0.6;
		source.connect(filter).connect(gain);
		source.start(at, ((voice.length * 0.137) % 0.9) + (velocity % 7) / 100);
		source.stop(end);
	}
	if (kind === "drop" || kind === "ping" || kind === "snare") {
		const tone = ctx.createOscillator();
		tone.type = kind === "ping" ? "triangle" : "sine";
		tone.frequency.setValueAtTime(kind === "drop" ? hz * 3.2 : hz, at);
		if (kind === "drop") tone.frequency.exponentialRampToValueAtTime(hz, at + 0.06);
		tone.connect(gain);
		tone.start(at);
		tone.stop(end);
	}
	return gain;
}

/** Play a pattern once into a context from `start` on: strokes at tick + shift, at the tempo given. */
export function perform(ctx, out, pattern, bpm, { start = 0, silent = () => false } = {}) {
	for (const hit of pattern.hits) {
		if (!silent(hit.voice)) strike(ctx, out, hit.voice, hit.velocity, start + Math.max(0, hit.tick + (hit.shift ?? 0)) / (bpm * 16));
	}
}

// The audition

const LEAST_S = 0.04, MOST_S = 0.35, MARGIN_S = 0.012;
const CHOKES = { hat_closed: true, hat_pedal: true };

export class Audition extends EventTarget {
	on = false;
	delay = LEAST_S;
	#context = null;
	#offset = -Infinity; // audio seconds less our own; currentTime moves in blocks, the largest difference is the truest
	#since = 0;
	#hat = null;

	constructor(store) {
		super();
		this.store = store;
		store.addEventListener("note", ({ detail }) => this.#note(detail));
		store.addEventListener("change", ({ detail }) => detail === "midi" && this.#look());
	}

	/** Whether a synth listens on the port: then the browser is silent, unless asked by hand. */
	get heardElsewhere() {
		return (this.store.state.midi.connections?.out?.length ?? 0) > 0;
	}

	/** Milliseconds from a note's due time to its sound here, or null while off. */
	get latencyMs() {
		if (!this.on || !this.#context) return null;
		return (this.delay + (this.#context.baseLatency ?? 0) + (this.#context.outputLatency ?? 0)) * 1000;
	}

	/** Switch on, from a click or key (browsers ask for one); `byHand` overrules a connected synth. */
	async start(byHand = true) {
		if (this.on || (this.heardElsewhere && !byHand) || !globalThis.AudioContext) return;
		this.#context ??= new AudioContext({ latencyHint: "interactive" });
		this.on = true;
		this.byHand = byHand;
		this.store.link.subscribe("ears", ["notes"]);
		this.dispatchEvent(new Event("change"));
		await this.#context.resume();
	}

	stop() {
		if (!this.on) return;
		this.on = false;
		this.store.link.unsubscribe("ears");
		this.#context.suspend();
		this.dispatchEvent(new Event("change"));
	}

	#look() {
		if (this.on && !this.byHand && this.heardElsewhere) this.stop();
	}

	#note(note) {
		const context = this.#context;
		if (!this.on || !note.voice || context.state !== "running") return;
		const here = performance.now() / 1000;
		if (here - this.#since > 10) (this.#offset = -Infinity), (this.#since = here);
		this.#offset = Math.max(this.#offset, context.currentTime - here);
		const late = this.store.link.now() - note.due;
		if (late > 2) return; // a burst after a stall is no music
		this.delay = Math.min(MOST_S, Math.max(LEAST_S, this.delay * 0.995, late + MARGIN_S));
		const at = Math.max(context.currentTime, note.due - this.store.link.clock.offset + this.#offset + this.delay);
		if (CHOKES[note.voice] && this.#hat) this.#hat.gain.setTargetAtTime(0, at, 0.01);
		const gain = strike(context, context.destination, note.voice, note.velocity, at);
		if (note.voice.startsWith("hat_")) this.#hat = gain;
	}
}
