/* The bar at the top: play and stop, where we are, tempo, who leads, port, money, connection. */

import { html, nothing } from "../vendor/lit.js";
import { Part, act, button, choice, dollars, icon, link, set, store, tell, typed } from "../js/app.js";
import { locate } from "../js/time.js";

const SYNC = { auto: "Auto", internal: "Internal", clock: "MIDI clock", link: "Ableton Link" };
const LINK_WORDS = {
	connecting: "Connecting", open: "Connected", lost: "Lost, trying again", away: "Away, trying again", denied: "Wrong token",
};

export function playStop() {
	return store.state.transport.state === "stopped" ? act("play") : act("stop");
}

class DrumTransport extends Part {
	static on = ["transport", "settings", "midi", "about", "player"];

	/** Draw the position of each frame straight into its places; everything else is drawn when it changes. */
	frame() {
		const { transport } = store.state;
		const { bar, beat, inside } = locate(transport, store.tick());
		const text = `${bar}.${beat}`;
		const seconds = Math.max(0, store.tick()) / (transport.bpm * 16); // at the tempo that is
		tell(this.where, text);
		tell(this.time, `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`);
		const playing = transport.state === "playing";
		this.dots?.forEach((dot, index) => dot.classList.toggle("on", playing && index === beat - 1 && inside < 0.5));
	}

	drawn() {
		this.where = this.querySelector(".where b");
		this.time = this.querySelector(".where small");
		this.dots = this.querySelectorAll(".beats i");
	}

	async setTempo({ target }) {
		const tempo = Number(target.value.replace(",", "."));
		if (!tempo || !(await set({ tempo }))) target.value = store.state.settings.tempo;
	}

	quality() {
		const { source, quality, sync } = store.state.transport;
		if (source === "internal") return sync === "auto" ? "Leads; no clock heard" : "Leads";
		return `${SYNC[source] ?? source}: ${typeof quality === "number" ? `${Math.round(quality * 100)} %` : (quality ?? "locking")}`;
	}

	port() {
		const { backend, out, state, connections } = store.state.midi;
		if (!backend || backend === "none") return { text: "No MIDI", detail: "Sound in this page only", tone: "warn" };
		if (state === "lost") return { text: "Port lost", detail: "It is being opened again", tone: "bad" };
		const heard = connections?.out?.length ?? 0;
		const detail = heard ? `to ${connections.out.join(", ")}` : "Nothing listens on it yet";
		return { text: out, detail, tone: heard ? "good" : "" };
	}

	gauge(budget) {
		const spent = Number(budget.spent_usd), limit = Number(budget.limit_usd);
		const share = limit ? Math.min(100, (spent / limit) * 100) : 0;
		const words = limit ? `${dollars(budget.spent_usd)} of ${dollars(budget.limit_usd).replace(/\.00$/, "")}` : `${dollars(budget.spent_usd)} spent`;
		return html`<div class="gauge">
			<span>This month</span>
			<meter aria-label="Budget spent this month" min="0" max="100" high="80" low="60" optimum="0" .value=${share}></meter>
			<b>${words}</b>
		</div>`;
	}

	render() {
		const { transport, settings, about } = store.state;
		const stopped = transport.state === "stopped", armed = transport.state === "armed";
		const follows = transport.source !== "internal" && !stopped;
		const port = this.port();
		const beats = transport.meter?.[1] ?? [960, 960, 960, 960];
		return html`<div class="bar"><div class="brand"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M2 8h4v8H2zm6-4h4v16H8zm6 7h4v5h-4zm5-4h3v9h-3z" /></svg><h1>drumbridge</h1></div>
			<button class="play ${stopped ? "" : "running"}" aria-keyshortcuts="Space" title="${stopped ? "Play" : "Stop"} (Space)" @click=${playStop}>
				${icon(stopped ? "play" : "stop")}<span>${stopped ? "Play" : armed ? "Armed" : "Stop"}</span>
			</button>
			<div class="where" role="timer" aria-label="Bar and beat, and time"><b>1.1</b><span class="beats" aria-hidden="true">${beats.map(() => html`<i></i>`)}</span><small title="Position at this tempo">0:00</small></div>
			<span class="link ${link.state}" role="status"><span>${LINK_WORDS[link.state]}</span></span>
			${button("", "Panic: silence every note", () => act("panic"), { keys: "P", text: "Panic", kind: "panic" })}</div>
			<div class="rest"><div class="tempo">
				<label for="tempo">${follows ? "Tempo followed" : "Tempo"}</label>
				<div>
					${button("", "Slower by 1", () => set({ tempo: Math.max(20, settings.tempo - 1) }), { keys: "-", text: "–" })}
					<input id="tempo" inputmode="decimal" autocomplete="off" ?readonly=${follows}
						.value=${typed("tempo", Math.round((follows ? transport.bpm : (settings.tempo ?? 120)) * 100) / 100)} @change=${this.setTempo} />
					${button("", "Faster by 1", () => set({ tempo: Math.min(300, settings.tempo + 1) }), { keys: "+", text: "+" })}
					${button("", "Tap the tempo", () => act("tap"), { keys: "T", text: "Tap" })}
				</div>
			</div>
			<div class="sync">${choice("sync", "Clock", settings.sync, Object.entries(SYNC), (sync) => set({ sync }))}<small>${this.quality()}</small></div>
			<div class="field port ${port.tone}"><span>Output</span><b title=${port.text}>${port.text}</b><small title=${port.detail}>${port.detail}</small></div>
			${about?.budget ? this.gauge(about.budget) : nothing}
			<div class="end">
				${button("moon", "Dark or light", () => store.dispatchEvent(new Event("theme")))}
				${button("help", "Keys and help", () => store.dispatchEvent(new Event("help")), { keys: "?" })}
			</div></div>`;
	}
}
customElements.define("drum-transport", DrumTransport);
