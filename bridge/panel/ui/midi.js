/* MIDI: ports, the last messages in, what each control does, learning a new one, timing, and sound in the browser. */

import { html, nothing } from "../vendor/lit.js";
import { Part, act, button, check, choice, link, plain, say, set, store, typed } from "../js/app.js";
import { learning } from "../js/store.js";

const KINDS = { 8: "note off", 9: "note", 10: "pressure", 11: "CC", 12: "program", 13: "pressure", 14: "bend" };
const POLL_MS = 2000;
const AT_ONCE = new Set(["play_stop", "stop", "ai", "favourite", "panic", "tap"]); // no bar line is waited for, as with knobs

/** A message in hex as a musician reads it. */
export function readable(hex) {
	const bytes = hex.match(/../g)?.map((pair) => parseInt(pair, 16)) ?? [];
	return `${KINDS[bytes[0] >> 4] ?? "system"} ${bytes.slice(1).join(" ")} · ch ${(bytes[0] & 15) + 1}`;
}

const control = ({ kind = "cc", number, channel }) => `${{ cc: "CC", note: "note", program: "program" }[kind]} ${number}${channel ? ` · ch ${channel}` : ""}`;

class DrumMidi extends Part {
	static on = ["midi", "settings", "transport", "catalog"];
	ports = { outputs: [], inputs: [] };
	mapping = [];
	action = "generate";

	connectedCallback() {
		super.connectedCallback();
		this.hears(this.audition, "change", () => this.update());
		this.read();
		this.timer = setInterval(() => this.read(), POLL_MS);
		this.hears(store, "tab", () => this.read());
		this.hears(store, "change", ({ detail }) => (detail === "midi" ? this.learned() : detail === "catalog" && this.read()));
	}

	disconnectedCallback() {
		super.disconnectedCallback();
		clearInterval(this.timer);
	}

	get audition() {
		return store.audition;
	}

	/** Ask for what no event tells; while the tab is hidden nobody needs it. */
	async read() {
		if (link.state !== "open" || this.unseen) return;
		const [ports, status, map] = await Promise.all([link.call("ports"), link.call("status"), link.call("mappings.get")].map((one) => Promise.resolve(one).catch(() => null)));
		if (ports) this.ports = ports;
		if (map) this.mapping = map.triggers;
		this.stats = status?.midi?.stats ?? {};
		this.update();
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
		const rows = [["Clock jitter", clock?.pulses ? `${clock.jitter_ms.toFixed(2)} ms` : "no clock in"], ["Notes late, p99", lateness?.count ? `${lateness.p99_ms.toFixed(2)} ms` : "–"], ["Missed by 5 ms or more", lateness?.count ? `${lateness.missed} of ${lateness.count}` : "–"], ["Clock quality", clock?.quality ?? "–"], ["Real time", this.stats?.realtime || store.state.midi.realtime || "no"], ["To this page", Number.isFinite(link.clock.trip) ? `${(link.clock.trip * 1000).toFixed(1)} ms round trip` : "–"]];
		return html`<dl class="figures">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
	}

	async map(triggers) {
		const done = await act("mappings.set", { triggers });
		if (done) this.put("mapping", done.triggers);
		return done;
	}

	async unmap(row) {
		const before = this.mapping;
		const done = await this.map(before.filter((one) => one !== row));
		if (done) say(`${control(row)} does nothing now`, "info", "", { text: "Bring it back", deed: () => this.map(before) });
	}

	learn() {
		const step = learning(store.state), actions = (store.state.catalog?.actions ?? []).map((name) => [name, plain(name)]);
		if (step) return html`<p class="learning" role="status">${step.question ?? "Move or press what shall do"} <b>${plain(step.action)}</b> … ${button("close", "Cancel learning", () => act("learn.cancel"), { text: "Cancel" })}</p>`;
		return html`<div class="line">${choice("learn", "Learn", this.action, actions, (action) => this.put("action", action))}
			${button("", "Learn a control for this action", () => act("learn.start", { action: this.action }), { text: "Start" })}</div>`;
	}

	table() {
		const knobs = (store.state.catalog?.settings ?? []).map(({ name }) => name);
		const row = (one) => html`<tr><td>${control(one)}</td><td>${plain(one.action)}</td><td>${AT_ONCE.has(one.action) || knobs.includes(one.action) ? "at once" : (one.at ?? "bar")}</td>
			<td>${button("close", `Unmap ${control(one)}, ${plain(one.action)}`, () => this.unmap(one), { kind: "mini" })}</td></tr>`;
		return html`<h3 id="controls">What controls do</h3>${this.learn()}<table aria-labelledby="controls"><thead><tr><th scope="col">Control</th><th scope="col">Action</th><th scope="col">At</th><td></td></tr></thead>
			<tbody>${this.mapping.map(row)}</tbody></table>
			${button("", "Go back to the mapping that drumbridge came with", () => this.map(null), { text: "Default mapping" })}`;
	}

	render() {
		const { midi, settings, catalog } = store.state;
		const { outputs, inputs } = this.ports;
		return html`${this.sound()}
			<dl class="ports"><div><dt>Out</dt><dd>${midi.backend === "none" ? "none" : midi.out ?? "–"} <small>${midi.backend === "none" ? "" : midi.connections?.out?.length ? `→ ${midi.connections.out.join(", ")}` : "nothing connected"}</small></dd></div>
				<div><dt>In</dt><dd>${midi.backend === "none" ? "none" : midi.in ?? "–"} <small>${midi.backend === "none" ? "" : midi.connections?.in?.length ? `← ${midi.connections.in.join(", ")}` : "nothing connected"}</small></dd></div></dl>
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
