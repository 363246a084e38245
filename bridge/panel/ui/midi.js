/* MIDI: ports, the last messages in, what each control does, learning a new one, timing, and sound in the browser. */

import { html, nothing } from "../vendor/lit.js";
import { Part, act, button, check, choice, link, say, set, store, typed } from "../js/app.js";

const KINDS = { 8: "note off", 9: "note", 10: "pressure", 11: "CC", 12: "program", 13: "pressure", 14: "bend" };
const POLL_MS = 2000;

/** A message in hex as a musician reads it. */
export function readable(hex) {
	const bytes = hex.match(/../g)?.map((pair) => parseInt(pair, 16)) ?? [];
	return `${KINDS[bytes[0] >> 4] ?? "system"} ${bytes.slice(1).join(" ")} · ch ${(bytes[0] & 15) + 1}`;
}

const plain = (name) => name.replaceAll("_", " ");
const control = ({ kind = "cc", number, channel }) => `${{ cc: "CC", note: "note", program: "program" }[kind]} ${number}${channel ? ` · ch ${channel}` : ""}`;

class DrumMidi extends Part {
	static on = ["midi", "settings", "transport", "catalog"];
	ports = { outputs: [], inputs: [] };
	mapping = [];

	connectedCallback() {
		super.connectedCallback();
		this.hears(this.audition, "change", () => this.update());
		this.read();
		this.timer = setInterval(() => this.offsetParent && this.read(), POLL_MS);
		this.hears(store, "change", ({ detail }) => (detail === "midi" ? this.learned() : detail === "catalog" && this.read()));
	}

	disconnectedCallback() {
		super.disconnectedCallback();
		clearInterval(this.timer);
	}

	get audition() {
		return store.audition;
	}

	async read() {
		if (link.state !== "open") return;
		const [ports, status, map] = await Promise.all([link.call("ports"), link.call("status"), link.call("mappings.get")].map((one) => Promise.resolve(one).catch(() => null)));
		if (ports) this.ports = ports;
		if (map) this.mapping = map.triggers;
		this.stats = status?.midi?.stats ?? {};
		this.update();
	}

	/** The step of learning that any page began, while it lasts. */
	get learning() {
		const { learn } = store.state.midi;
		return ["waiting", "asking"].includes(learn?.state) ? learn : null;
	}

	learned() {
		const { learn } = store.state.midi;
		if (learn === this.told) return;
		this.told = learn;
		if (learn.state === "timed_out") say("Nothing was moved; learning ended", "error");
		if (learn.state !== "learned") return;
		say(`${control(learn.trigger)} now does: ${plain(learn.trigger.action)}`);
		this.read();
	}

	sound() {
		const { audition } = this;
		const words = audition.on ? `On, ${Math.round(audition.latencyMs)} ms behind the port` : audition.heardElsewhere ? "Off: something listens on the port" : "Off";
		return html`<div class="line">${check("Sound in this browser", audition.on, (on) => (on ? audition.start() : audition.stop()), "switch")}<span class="dim">${words}</span></div>`;
	}

	timing() {
		const { lateness, clock } = this.stats ?? {};
		const rows = [["Clock jitter", clock?.pulses ? `${clock.jitter_ms.toFixed(2)} ms` : "no clock in"], ["Notes late, p99", lateness?.count ? `${lateness.p99_ms} ms` : "–"], ["Real time", this.stats?.realtime || store.state.midi.realtime || "no"], ["To this page", Number.isFinite(link.clock.trip) ? `${(link.clock.trip * 1000).toFixed(1)} ms round trip` : "–"]];
		return html`<dl class="figures">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
	}

	table() {
		const { learning } = this;
		return html`<table><caption>What controls do</caption><thead><tr><th scope="col">Control</th><th scope="col">Action</th><th scope="col">At</th></tr></thead>
			<tbody>${this.mapping.map((row) => html`<tr><td>${control(row)}</td><td>${plain(row.action)}</td><td>${row.at ?? "bar"}</td></tr>`)}</tbody></table>
			${learning ? html`<p class="learning" role="status">${learning.question ?? "Move or press what shall do"} <b>${plain(learning.action)}</b> … ${button("close", "Cancel learning", () => act("learn.cancel"), { text: "Cancel" })}</p>`
				: html`<div class="line">${choice("learn", "Learn", "generate", (store.state.catalog?.actions ?? []).map((name) => [name, plain(name)]), () => {})}
					${button("", "Learn a control for this action", () => act("learn.start", { action: this.querySelector("#learn").value }), { text: "Start" })}</div>`}`;
	}

	render() {
		const { midi, settings, catalog } = store.state;
		const { outputs, inputs } = this.ports;
		return html`${this.sound()}
			<dl class="ports"><div><dt>Out</dt><dd>${midi.out ?? "–"} <small>${midi.connections?.out?.length ? `→ ${midi.connections.out.join(", ")}` : "nothing connected"}</small></dd></div>
				<div><dt>In</dt><dd>${midi.in ?? "–"} <small>${midi.connections?.in?.length ? `← ${midi.connections.in.join(", ")}` : "nothing connected"}</small></dd></div></dl>
			${midi.backend === "none" ? html`<p class="dim">${midi.why || "No MIDI system is in use."}</p>` : html`<p class="dim">On this machine: ${[...outputs, ...inputs].join(", ") || "no other ports"}</p>`}
			<div class="fields">
				${choice("kit", "Drum map", settings.drum_map, catalog?.kits ?? [], (kit) => set({ drum_map: kit }))}
				<div class="field"><label for="channel">Channel</label><input id="channel" type="number" min="1" max="16" .value=${typed("channel", settings.channel ?? 10)} @change=${(e) => set({ channel: Math.round(Number(e.target.value)) })} /></div>
				<div class="field"><label for="offset">Offset, ms</label><input id="offset" type="number" min="-500" max="500" .value=${typed("offset", settings.offset_ms ?? 0)} @change=${(e) => set({ offset_ms: Number(e.target.value) })} /></div>
				${check("Send clock", settings.clock_out ?? true, (on) => set({ clock_out: on }))}
			</div>
			${this.timing()}
			<h3>Last messages in</h3>
			<ol class="log" aria-label="Last MIDI messages in">${midi.messages.slice(0, 8).map(([, hex]) => html`<li><code>${hex}</code> ${readable(hex)}</li>`)}</ol>
			${midi.messages.length ? nothing : html`<p class="dim">Nothing came in yet.</p>`}
			${this.table()}`;
	}
}
customElements.define("drum-midi", DrumMidi);
