/* Asking: a line of words, names, knobs that move with the controller's, and a song built of sections. */

import { html, live, nothing } from "../vendor/lit.js";
import { Part, act, button, check, choice, plain, say, set, store, typed } from "../js/app.js";

const MOVES = [["break", "X", "Stop the time for a bar, but for a few stabs"], ["hold", "H", "One crash, then silence to the bar's end"], ["build", "J", "A roll that grows to the bar's end"]];
const TIERS = ["auto", "local", "fast", "balanced", "advanced", "expert"];
const METERS = "4/4 3/4 2/4 5/4 6/4 7/4 2/2 3/8 5/8 6/8 7/8 8/8 9/8 10/8 11/8 12/8 13/8 15/8".split(" ");
const SONG = [["intro", 4], ["verse", 8], ["chorus", 8], ["outro", 4]];
const SEND_MS = 60;

/** Ask for a groove with the present settings and perhaps more. */
export const generate = (more = {}) => act("generate", { at: "bar", ...more });

class DrumAsk extends Part {
	static on = ["settings", "catalog", "jobs"];
	sections = SONG.map(([name, bars]) => ({ name, bars, energy: 0.5 }));
	tier = "auto";
	section = "";

	drawn() {
		this.ready ||= store.state.catalog && performance.mark("drumbridge.ready"); // the last of what a visit waits for
	}

	get words() {
		return this.querySelector("#prompt").value.trim();
	}

	submit(event) {
		event.preventDefault();
		generate({ prompt: this.words, tier: this.tier, section: this.section || undefined });
	}

	/** The new genre's styles are offered at once: until the daemon has answered, who is quick would get one of the old. */
	async genre(genre) {
		const before = store.state.settings;
		store.state.settings = { ...before, genre, style: null };
		this.update();
		if (await set({ genre })) return;
		store.state.settings = before;
		this.update();
	}

	/** While a knob moves, at most one `set` per 60 ms, and the last value always. */
	turn(name, value) {
		(this.wanted ??= {})[name] = value;
		this.timer ??= setTimeout(async () => {
			this.timer = null;
			await set(this.wanted);
			if (!this.timer) this.wanted = null;
		}, SEND_MS);
	}

	/** One of the daemon's settings from 0 to 1; a double click or Delete gives it back its default. */
	knob({ name, cc, help, default: usual }) {
		const value = this.wanted?.[name] ?? store.state.settings[name], reset = () => set({ [name]: usual });
		const shown = value === null || value === undefined ? "style" : Math.round(value * 100);
		return html`<div class="knob"><label for=${name}>${plain(name)}</label>
			<input id=${name} type="range" min="0" max="1" step="0.01" .value=${live(String(value ?? 0.5))} aria-valuetext=${shown === "style" ? "the style's own" : `${shown} percent`}
				title="${help} (CC ${cc}; double click or Delete: back)" @dblclick=${reset} @keydown=${(e) => e.key === "Delete" && reset()} @input=${(e) => this.turn(name, Number(e.target.value))} />
			<output for=${name}>${shown}</output></div>`;
	}

	songRow(section, index) {
		const names = store.state.catalog?.sections ?? SONG.map(([name]) => name);
		const to = (key, value) => ((section[key] = value), this.update());
		return html`<li>
			<select aria-label="Section ${index + 1}" .value=${live(section.name)} @change=${(e) => to("name", e.target.value)}>${names.map((name) => html`<option ?selected=${name === section.name}>${name}</option>`)}</select>
			<input type="number" id="bars-${index}" min="1" max="64" aria-label="Bars of section ${index + 1}" .value=${typed(`bars-${index}`, section.bars)} @change=${(e) => to("bars", Math.min(64, Math.max(1, Math.round(Number(e.target.value)) || 4)))} />
			<input type="range" min="0" max="1" step="0.05" aria-label="Energy of section ${index + 1}" .value=${live(String(section.energy))} @input=${(e) => to("energy", Number(e.target.value))} />
			${button("close", `Remove section ${index + 1}`, () => this.put("sections", this.sections.filter((one) => one !== section)), { disabled: this.sections.length < 2 })}
		</li>`;
	}

	song() {
		return html`<details class="song" @toggle=${(e) => this.put("building", e.currentTarget.open)}><summary>Song builder</summary>${this.building ? this.builder() : nothing}</details>`;
	}

	builder() {
		const total = this.sections.reduce((sum, { bars }) => sum + bars, 0);
		const compose = async () => {
			if (await act("compose", { prompt: this.words, sections: this.sections, tier: this.tier })) say(`The song is being made: ${total} bars`);
		};
		return html`<small>Section, bars, energy</small>
			<ol>${this.sections.map((section, index) => this.songRow(section, index))}</ol>
			<div class="line">${button("plus", "Add a section", () => this.put("sections", [...this.sections, { name: "verse", bars: 8, energy: 0.5 }]), { text: "Section" })}
				<span class="dim">${total} bars in all</span>
				${button("spark", "Compose the song", compose, { text: "Compose" })}</div>`;
	}

	render() {
		const { settings, catalog, jobs } = store.state, rows = catalog?.settings ?? [];
		const busy = [...jobs.values()].some((job) => job.state === "running" || job.state === "draft");
		return html`<form class="prompt" @submit=${this.submit}>
				<label for="prompt" class="sr">What to play</label>
				<input id="prompt" type="text" maxlength="2000" autocomplete="off" placeholder="Lazy half-time shuffle, open hats in bar 4 …" title="What to play (/)" />
				<button class="primary" type="submit" title="Generate (G)" aria-busy=${String(busy)}>Generate</button>
			</form>
			<div class="quick">
			${button("", "Change what plays as the words say, and nothing else of it", () => act("refine", { instruction: this.words || "a bit different", tier: this.tier }), { keys: "R", text: "Refine" })}
				${button("dice", "Vary what plays", () => act("vary"), { keys: "V", text: "Vary" })}
				${button("", "A fill in the next bar", () => act("fill"), { keys: "F", text: "Fill" })}
				${MOVES.map(([name, keys, help]) => button("", help, () => act(name), { keys, text: name }))}
				${button("next", "Next groove of the library", () => act("next"), { keys: "N", text: "Next" })}
				<span class="spacer"></span>${check(settings.ai === false ? "AI off: nothing is paid" : "AI on", settings.ai ?? true, (ai) => set({ ai }), "switch")}
			</div>
			<div class="fields">
				${choice("genre", "Genre", settings.genre, Object.keys(catalog?.genres ?? {}), (genre) => this.genre(genre), "any")}
				${choice("style", "Style", settings.style, catalog?.genres?.[settings.genre] ?? [], (style) => set({ style }), "any")}
				${choice("drummer", "Drummer", settings.drummer, catalog?.drummers ?? [], (drummer) => set({ drummer }), "any")}
				${choice("section", "Section", this.section, catalog?.sections ?? [], (section) => this.put("section", section), "any")}
				${choice("bars", "Bars", settings.bars, [...new Set([1, 2, 4, 8, 16, 32, 64, settings.bars ?? 2])].sort((a, b) => a - b), (bars) => set({ bars: Number(bars) }))}
				${choice("meter", "Metre", settings.meter, [...new Set([...METERS, settings.meter ?? "4/4"])], (meter) => set({ meter }))}
				${rows.filter((row) => row.kind === "choice" && row.name !== "sync").map(({ name, choices }) => choice(name, plain(name), settings[name], choices, (value) => set({ [name]: value })))}
				${choice("tier", "Made by", this.tier, TIERS, (tier) => this.put("tier", tier))}
			</div>
			<div class="knobs">${rows.filter((row) => row.kind === "float" && row.low === 0 && row.high === 1).map((row) => this.knob(row))}</div>
			${this.song()}`;
	}
}
customElements.define("drum-ask", DrumAsk);
