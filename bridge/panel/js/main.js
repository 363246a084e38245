/* Starts the page: components, subscriptions, keys, theme, files. */

import { html, nothing } from "../vendor/lit.js";
import { Part, act, link, say, set, store } from "./app.js";
import { Audition } from "./sound.js";
import { learning, shown } from "./store.js";
import { generate } from "../ui/ask.js";
import { reload, takeFile } from "../ui/library.js";
import { keep } from "../ui/now.js";
import { playStop } from "../ui/transport.js";
import "../ui/answers.js";
import "../ui/grid.js";
import "../ui/help.js";
import "../ui/midi.js";
import "../ui/money.js";

const TOPICS = ["transport", "player", "patterns", "jobs", "midi", "settings", "route", "metrics", "alerts"];
const ABOUT_MS = 10000;
const YOUNG_S = 20;
const TABS = { answers: "Answers", library: "Library", money: "Costs", midi: "MIDI" };
const PANES = { answers: () => html`<drum-answers></drum-answers>`, library: () => html`<drum-library></drum-library>`, money: () => html`<drum-money></drum-money>`, midi: () => html`<drum-midi></drum-midi>` };
const IDEAS = ["Funk, tight and dry", "Lazy half-time shuffle", "Deep house", "Boom bap", "Bossa nova", "Motown", "Jungle", "Rock in 7/8"];

store.audition = new Audition(store);

class DrumPanel extends Part {
	static on = ["player", "alerts", "midi"];
	tab = "answers";
	opened = new Set(); // a pane is made when its tab is opened for the first time

	connectedCallback() {
		this.hidden = false;
		super.connectedCallback();
		requestAnimationFrame(() => setTimeout(() => this.put("painted", true)));
		this.hears(window, "hashchange", () => location.hash.startsWith("#t=") && location.reload());
	}

	drawn() {
		if (this.told !== this.tab) store.dispatchEvent(new Event("tab"));
		this.told = this.tab;
	}

	/** Arrows move between tabs, as tab lists do. */
	arrows(event) {
		const names = Object.keys(TABS), step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
		if (!step) return;
		this.put("tab", names[(names.indexOf(this.tab) + step + names.length) % names.length]).then(() => this.querySelector(`#tab-${this.tab}`).focus());
	}

	first() {
		return html`<section class="card first">
			<h2>What shall it play?</h2>
			<p>Press Play for a groove with the present settings, or take one of these. It sounds in this browser and on the MIDI port, and needs no key.</p>
			<div class="ideas">${IDEAS.map((prompt) => html`<button @click=${() => generate({ prompt })}>${prompt}</button>`)}</div>
		</section>`;
	}

	denied() {
		return html`<section class="card first" role="alert"><h2>${link.token ? "This link is not the right one" : "This page needs its link"}</h2>
			<p>Open it with <code>drumbridge open</code>, or with the whole link that <code>drumbridge run</code> prints.</p></section>`;
	}

	render() {
		const locked = !link.token || link.state === "denied", away = ["lost", "away"].includes(link.state), known = store.state.player.state;
		const whole = this.painted && (known || away) && !locked; // the bar is drawn first, the rest where it will stay
		return html`<header class="top"><drum-transport></drum-transport></header>
			<main>
				<div class="left">
					${locked ? this.denied() : nothing}
					<div role="status">${away ? html`<p class="alert"><b>offline</b> No connection to drumbridge: what stands here may be old. It comes back by itself.</p>` : nothing}${store.state.alerts.map((alert) => html`<p class="alert ${alert.level}"><b>${alert.level ?? "fault"}</b> ${alert.message}</p>`)}</div>
					<drum-now></drum-now>
					${known && !shown(store.state) && !locked ? this.first() : nothing}
					<section class="card grid" aria-label="Grid"><drum-grid></drum-grid></section>
					${whole ? html`<section class="card ask" aria-label="Ask"><drum-ask></drum-ask></section>` : nothing}
				</div>
				${whole ? html`<aside aria-label="Details">
					<div role="tablist" aria-label="Details" @keydown=${this.arrows}>${Object.entries(TABS).map(([name, text]) => html`<button role="tab" id="tab-${name}" aria-controls="pane-${name}"
						aria-selected=${String(this.tab === name)} tabindex=${this.tab === name ? 0 : -1} @click=${() => this.put("tab", name)}>${text}${name === "midi" && learning(store.state) ? html` <span class="tag">learning</span>` : nothing}</button>`)}</div>
					${Object.keys(TABS).map((name) => html`<section class="card pane" role="tabpanel" id="pane-${name}" aria-labelledby="tab-${name}" ?hidden=${this.tab !== name}>
						${this.opened.add(this.tab).has(name) ? PANES[name]() : nothing}</section>`)}
				</aside>` : nothing}
			</main>
			<drum-toasts></drum-toasts><drum-help></drum-help>`;
	}
}

// Keys

const tempo = (by) => set({ tempo: Math.min(300, Math.max(20, store.state.settings.tempo + by)) });
const DEEDS = {
	" ": playStop, g: () => document.querySelector(".prompt").requestSubmit(), "/": () => document.querySelector("#prompt").focus(), v: () => act("vary"), r: () => document.querySelector("drum-ask [aria-keyshortcuts=R]").click(), f: () => act("fill"), n: () => act("next"),
	u: () => act("undo"), U: () => act("redo"), c: () => act("cancel"), a: () => store.dispatchEvent(new Event("ab")), b: () => keep(), x: () => act("break"), h: () => act("hold"), j: () => act("build"), t: () => act("tap"),
	"+": () => tempo(1), "=": () => tempo(1), "-": () => tempo(-1), l: () => (store.audition.on ? store.audition.stop() : store.audition.start()),
	d: () => document.querySelector("drum-grid .view")?.focus(), p: () => act("panic"), "?": () => store.dispatchEvent(new Event("help")),
};

function keys(event) {
	const typing = event.target.closest("input:not([type=checkbox],[type=radio],[type=range]), select, textarea, dialog");
	if (typing || event.altKey || event.defaultPrevented || localStorage.getItem("drumbridge.keys") === "off") return;
	if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
		event.preventDefault();
		act(event.shiftKey ? "redo" : "undo");
		return;
	}
	if (event.ctrlKey || event.metaKey || (event.key === " " && event.target.closest("button, summary, [type=checkbox], [type=radio]"))) return;
	const deed = DEEDS[event.key];
	if (!deed || event.repeat) return;
	event.preventDefault();
	deed();
}

// Wiring

async function about() {
	const status = await link.call("status").catch(() => null);
	if (!status) return;
	store.put("about", status);
	if (status.uptime_s < YOUNG_S && !Object.keys(status.providers).length) setTimeout(about, 1000); // the router comes a moment after the page
}

link.subscribe("page", TOPICS);
link.addEventListener("state", async ({ detail }) => {
	if (detail === "denied" || detail === "away") store.put("link", detail);
	if (detail !== "open") return;
	about();
	reload();
	store.put("catalog", await link.call("catalog").catch(() => null));
});
store.addEventListener("library", reload);
store.addEventListener("change", ({ detail }) => detail === "metrics" && about());
setInterval(() => link.state === "open" && document.visibilityState === "visible" && about(), ABOUT_MS);
document.addEventListener("keydown", keys);

// The first click or key that sets music going may also let the browser sound; a connected synth keeps it silent.
let begun = false;
const begin = () => begun || store.state.transport.state === "stopped" || ((begun = true), store.audition.start(false));
store.addEventListener("change", ({ detail }) => detail === "transport" && navigator.userActivation?.hasBeenActive && begin());

const { dataset } = document.documentElement;
const themes = matchMedia("(prefers-color-scheme: light)");
let kept = dataset.theme; // what was chosen here before: the daemon read it in the cookie
function theme() {
	dataset.theme = kept ?? (themes.matches ? "light" : "dark");
	store.dispatchEvent(new Event("retheme"));
}
theme();
themes.addEventListener("change", theme);
store.addEventListener("theme", () => {
	kept = dataset.theme === "dark" ? "light" : "dark";
	document.cookie = `theme=${kept}; path=/; max-age=31536000; samesite=strict`;
	theme();
});

document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
	event.preventDefault();
	[...event.dataTransfer.files].forEach(takeFile);
});

if (link.token) queueMicrotask(() => link.connect()); // from here, who watches the page would read all of this again for the stack: 5 ms
customElements.define("drum-panel", DrumPanel);
if (!link.token) say("This page needs the link that drumbridge printed", "error");
