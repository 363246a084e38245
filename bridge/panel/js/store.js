/* The page's state: what the daemon told, topic by topic, and the few things that are the page's own.
   Events in, state out; components ask for a redraw by topic. Holds no DOM. */

import { tickAt } from "./time.js";
import { withEdits } from "./pattern.js";

const MIDI_KEPT = 24;
const ROUTES_KEPT = 40;
const ENDED = new Set(["done", "failed", "cancelled"]);

export const blank = () => ({
	link: "connecting",
	instance: "",
	transport: { state: "stopped", source: "internal", tick: 0, bpm: 120, bar: 1, beat: 1 },
	player: { queued: [], mix: { mute: [], solo: [] } },
	settings: {},
	midi: { messages: [] },
	jobs: new Map(),
	routes: [],
	live: new Map(),
	metrics: {},
	alerts: [],
	library: [],
	pending: [],
});

/** Change state by one event; returns the topics that changed. */
export function reduce(state, topic, data) {
	switch (topic) {
		case "transport":
			state.transport = data;
			break;
		case "player":
			state.player = data;
			break;
		case "settings":
			state.settings = data;
			break;
		case "midi": {
			const { messages = [], ...port } = data;
			const log = [...messages.slice().reverse(), ...state.midi.messages].slice(0, MIDI_KEPT);
			state.midi = { ...state.midi, ...port, messages: log };
			break;
		}
		case "jobs":
			for (const job of data.jobs ?? [data]) {
				state.jobs.delete(job.job);
				state.jobs.set(job.job, job);
				if (ENDED.has(job.state)) state.live.delete(job.job);
			}
			while (state.jobs.size > 40) state.jobs.delete(state.jobs.keys().next().value);
			break;
		case "route":
			if (data.routes) {
				state.routes = data.routes.slice(-ROUTES_KEPT).reverse();
				state.live.clear();
			} else if (data.done) {
				state.routes = [data, ...state.routes.filter((route) => route.job !== data.job)].slice(0, ROUTES_KEPT);
				state.live.delete(data.job);
			} else state.live.set(data.job, data);
			break;
		case "metrics":
			state.metrics = data;
			break;
		case "alerts": {
			const fresh = data.alerts ?? [data];
			const name = (alert) => alert.name ?? alert.alert, names = fresh.map(name);
			const rest = data.alerts ? [] : state.alerts.filter((alert) => !names.includes(name(alert)));
			state.alerts = [...rest, ...fresh.filter((alert) => alert.state !== "cleared")];
			break;
		}
		default:
			return [];
	}
	return [topic];
}

/** The groove on the page: what plays, or what the next Play starts: {pattern, take, route, sounding} or null. */
export function shown(state) {
	const { pattern, take, route, ready } = state.player;
	const found = pattern ? { pattern, take, route, sounding: true } : ready ? { ...ready, sounding: false } : null;
	if (!found) return null;
	const edits = state.pending.filter((one) => one.take === found.take).flatMap((one) => one.hits);
	return { ...found, base: found.pattern, pattern: withEdits(found.pattern, edits) };
}

/** The step of learning that anyone began, while it lasts. */
export const learning = ({ midi: { learn } }) => (["waiting", "asking"].includes(learn?.state) ? learn : null);

const MAKERS = { local: "Embedded drummer", anthropic: "Anthropic", openai: "OpenAI", groq: "Groq", cohere: "Cohere" };
const SOURCES = { embedded: MAKERS.local, transcription: "Heard in a file", hearing: "Heard in a file", played: "Played by hand", import: "Imported file" };

/** Who made, or is making, an answer: the provider and its model; of this machine's own, what it comes from. */
export const makerOf = ({ provider, model }) => (provider === "local" ? (SOURCES[model] ?? MAKERS.local) : `${MAKERS[provider] ?? provider} · ${model}`);

/** The same of a pattern whose answer is not known any more, by what it tells of itself: "groq/openai/gpt-oss-120b with ..." is a model's. */
export function sourceOf({ generator = "" } = {}) {
	const [, provider, model] = generator.match(/^(\w+)\/(\S+)/) ?? [];
	return provider ? makerOf({ provider, model }) : (SOURCES[generator] ?? (generator || "Painted by hand"));
}

/** A provider's models in use, as `status` tells of them: [{model, tiers, good, text, ms}]. */
export function healthOf({ models, health }) {
	return [...new Set(Object.values(models))].filter(Boolean).map((model) => {
		const { state = "closed", failures = 0, wait_s: wait, ms } = health[model] ?? {};
		const good = state === "closed" && !failures;
		const text = good ? "well" : state === "closed" ? `failed ${failures} ×` : state === "gone" ? "no longer served" : wait ? `resting ${Math.ceil(wait)} s` : "on trial";
		return { model, tiers: Object.keys(models).filter((tier) => models[tier] === model).join(", "), good, text, ms };
	});
}

/** How a pattern was made, wherever that is known. */
export function routeOf(state, pattern, given) {
	if (given) return given;
	for (const job of [...state.jobs.values()].reverse()) if (job.route && job.pattern?.id === pattern?.id) return job.route;
	return null;
}

export class Store extends EventTarget {
	constructor(link) {
		super();
		this.link = link;
		this.state = blank();
		link.addEventListener("event", ({ detail }) => this.hear(detail));
		link.addEventListener("state", ({ detail }) => this.put("link", detail));
		link.addEventListener("hello", ({ detail }) => {
			Object.assign(this.state, { version: detail.version, pending: [] });
			this.put("instance", detail.instance);
		});
	}

	hear({ topic, data }) {
		if (topic === "notes") this.dispatchEvent(new CustomEvent("note", { detail: data }));
		else if (topic === "patterns") this.dispatchEvent(new CustomEvent("library", { detail: data }));
		else {
			if (topic === "jobs" && data.error) this.dispatchEvent(new CustomEvent("say", { detail: { kind: "error", text: data.error.message, hint: data.error.data?.hint } }));
			this.changed(reduce(this.state, topic, data));
		}
	}

	put(name, value) {
		this.state[name] = value;
		this.changed([name]);
	}

	changed(topics) {
		for (const topic of topics) this.dispatchEvent(new CustomEvent("change", { detail: topic }));
	}

	/** The song's tick, now. */
	tick() {
		return tickAt(this.state.transport, this.link.now());
	}
}
