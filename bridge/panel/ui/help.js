/* What is said for a moment (toasts), and the sheet of keys. */

import { html, nothing } from "../vendor/lit.js";
import { Part, button, store } from "../js/app.js";

const LASTS_MS = { info: 5000, error: 9000 };

class DrumToasts extends Part {
	items = [];

	connectedCallback() {
		super.connectedCallback();
		this.hears(store, "say", ({ detail }) => {
			this.items = [...this.items.filter((one) => one.text !== detail.text), detail].slice(-3);
			this.update();
			setTimeout(() => this.drop(detail), detail.action ? LASTS_MS.error : LASTS_MS[detail.kind]);
		});
	}

	drop(item) {
		this.items = this.items.filter((one) => one !== item);
		this.update();
	}

	render() {
		return html`<div role="log" aria-live="polite" aria-label="Messages">${this.items.map((item) => html`<div class="toast ${item.kind}">
			<p>${item.kind === "error" ? html`<b>Not done:</b> ` : nothing}${item.text}${item.hint ? html`<small>${item.hint}</small>` : nothing}</p>
			${item.action ? html`<button @click=${() => (item.action.deed(), this.drop(item))}>${item.action.text}</button>` : nothing}
			${button("close", "Dismiss", () => this.drop(item))}</div>`)}</div>`;
	}
}
customElements.define("drum-toasts", DrumToasts);

const KEYS = {
	Everywhere: `Space|Play or stop
G|Generate with these settings
/|Say what to play
R|Refine by the words
V|Vary
F|Fill
X H J|Break, hold, build
N|Next in the library
U|Undo (Ctrl+Z too)
Shift+U|Redo
C|Cancel what waits
A|Swap A and B
B|Favourite
T|Tap the tempo
+ −|Tempo by 1
L|Sound in this browser
D|Go to the grid
P|Panic
?|This sheet`,
	"In the grid": `Arrows|Move by row and step
PgUp PgDn|Move by bar
Home End|Ends of the bar
Enter|Set or remove
1 2 3|Ghost, normal, accent
+ −|Louder, softer
, .|Earlier, later
Del|Remove
M S|Mute, solo the row
Shift Alt|With a click: accent, ghost`,
};

class DrumHelp extends Part {
	connectedCallback() {
		super.connectedCallback();
		this.hears(store, "help", () => this.put("asked", true).then(() => this.querySelector("dialog").showModal()));
	}

	render() {
		if (!this.asked) return nothing;
		const on = localStorage.getItem("drumbridge.keys") !== "off";
		return html`<dialog aria-labelledby="help-title" @click=${(e) => e.target === e.currentTarget && e.currentTarget.close()}><div>
			<header><h2 id="help-title">Keys</h2>${button("close", "Close", (e) => e.currentTarget.closest("dialog").close())}</header>
			<div class="keys">${Object.entries(KEYS).map(([title, rows]) => html`<section><h3>${title}</h3><dl>${rows.split("\n").map((row) => row.split("|")).map(([key, deed]) => html`<div><dt>${key.split(" ").map((one) => html`<kbd>${one}</kbd> `)}</dt><dd>${deed}</dd></div>`)}</dl></section>`)}</div>
			<label class="check"><input type="checkbox" role="switch" .checked=${on} @change=${(e) => localStorage.setItem("drumbridge.keys", e.target.checked ? "on" : "off")} /> Single keys work</label>
			<p class="dim">drumbridge ${store.state.version ?? ""}. The daemon plays on when this page is closed.</p></div></dialog>`;
	}
}
customElements.define("drum-help", DrumHelp);
