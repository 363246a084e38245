/* What every component shares: the link, the store, actions with their errors shown, and the base class.
   Components render into the page itself (no shadow roots): one style sheet, one tree for screen readers. */

import { html, live, nothing, render } from "../vendor/lit.js";
import { Link } from "./rpc.js";
import { Store } from "./store.js";

const TOKEN = "drumbridge.token";

const LATER_MS = 300;

/** The token of the link's fragment; it leaves the address once the page is drawn and lives as long as the tab. */
function takeToken() {
	const given = new URLSearchParams(location.hash.slice(1)).get("t");
	const keepToken = () => {
		sessionStorage.setItem(TOKEN, given);
		history.replaceState(null, "", location.pathname);
	};
	if (given) setTimeout(keepToken, LATER_MS); // it takes 15 ms, in which the page is drawn
	return given ?? sessionStorage.getItem(TOKEN) ?? "";
}

export const link = new Link(`${location.protocol.replace("http", "ws")}//${location.host}/ws`, takeToken());
export const store = new Store(link);

/** Says something for a few seconds, and to screen readers. kind: info or error; action: {text, deed}. */
export function say(text, kind = "info", hint = "", action = null) {
	store.dispatchEvent(new CustomEvent("say", { detail: { text, kind, hint, action } }));
}

/** Ask the daemon; an error is shown and becomes null. */
export async function act(method, params = {}) {
	try {
		return await link.call(method, params);
	} catch (error) {
		say(error.message, "error", error.hint);
		return null;
	}
}

/** The base of all components: redraws, at most once a turn, when one of the topics in `on` changed; in a hidden pane not at all. */
export class Part extends HTMLElement {
	static on = [];

	connectedCallback() {
		this.listening = new AbortController();
		const on = new Set([...this.constructor.on, "link", "catalog"]);
		this.hears(store, "change", ({ detail }) => on.has(detail) && this.update());
		this.hears(store, "tab", () => this.update());
		if (this.frame) this.hears(store, "change", () => this.frames());
		this.update();
	}

	disconnectedCallback() {
		this.listening.abort();
	}

	/** Whether it stands in a pane that is not open; asks for no layout. */
	get unseen() {
		return !this.isConnected || this.closest("[hidden]");
	}

	/** Draw soon; resolves when it is done. */
	update() {
		return (this.coming ??= Promise.resolve().then(() => {
			this.coming = null;
			if (this.unseen) return;
			render(this.render(), this, { host: this });
			this.drawn?.();
			if (this.frame) this.frames();
		}));
	}

	/** Whether something of this changes from frame to frame. */
	get moving() {
		return store.state.transport.state === "playing";
	}

	/** Call `frame` before the next frame, and before each one after it while something moves; then rest. */
	frames() {
		this.soon ??= requestAnimationFrame(() => {
			this.soon = null;
			if (!this.isConnected) return;
			this.frame();
			if (this.moving) this.frames();
		});
	}

	/** Set a field of this component and draw. */
	put(name, value) {
		this[name] = value;
		return this.update();
	}

	/** Listen until this leaves the page. */
	hears(target, name, handler) {
		target.addEventListener(name, handler, { signal: this.listening.signal });
	}
}

const PATHS = {
	play: "M5 3.5v13l11-6.5z",
	stop: "M4.5 4.5h11v11h-11z",
	undo: "M7 4 3 8l4 4M3.5 8H12a4.5 4.5 0 0 1 0 9H8",
	redo: "m13 4 4 4-4 4M16.5 8H8a4.5 4.5 0 0 0 0 9h4",
	heart: "M10 16.5S3 12.3 3 7.6A3.6 3.6 0 0 1 10 6a3.6 3.6 0 0 1 7 1.6c0 4.7-7 8.9-7 8.9z",
	close: "m5 5 10 10M15 5 5 15",
	down: "M10 3v10m-4-4 4 4 4-4M4 17h12",
	dice: "M4 4h12v12H4zM7.5 7.5h.01M12.5 7.5h.01M10 10h.01M7.5 12.5h.01M12.5 12.5h.01",
	moon: "M16 12.5A7 7 0 0 1 7.5 4 7 7 0 1 0 16 12.5z",
	help: "M7.5 7.6a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.7M10 14.6v.01",
	spark: "M10 2.5l1.8 5.7 5.7 1.8-5.7 1.8L10 17.5l-1.8-5.7L2.5 10l5.7-1.8z",
	plus: "M10 4v12M4 10h12",
	next: "M4 4v12l8-6zM15.5 4v12",
};

/** An icon; what it means is said by the button's own name. */
export const icon = (name) => html`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;

/** A button with an icon; label is its name for all, keys its shortcut. */
export const button = (name, label, action, { keys, kind = "", text, disabled, pressed } = {}) =>
	html`<button type="button" class=${kind} aria-label=${text ? nothing : label} title=${keys ? `${label} (${keys})` : label}
		aria-keyshortcuts=${keys ?? nothing} aria-pressed=${pressed === undefined ? nothing : String(pressed)}
		?disabled=${disabled} @click=${action}>${name ? icon(name) : nothing}${text ? html`<span>${text}</span>` : nothing}</button>`;

/** A labelled choice; options are values or [value, text]; `any` is the text of "none of them". */
export const choice = (id, label, value, options, change, any) =>
	html`<div class="field"><label for=${id}>${label}</label><select id=${id} .value=${live(String(value ?? ""))} @change=${(e) => change(e.target.value || null)}>
		${any ? html`<option value="">${any}</option>` : nothing}
		${options.map((one) => (Array.isArray(one) ? one : [one, String(one).replaceAll("-", " ")])).map(([key, text]) => html`<option value=${key} ?selected=${String(key) === String(value)}>${text}</option>`)}
	</select></div>`;

/** A labelled switch. */
export const check = (text, on, change, role) =>
	html`<label class="check"><input type="checkbox" role=${role ?? nothing} .checked=${live(Boolean(on))} @change=${(e) => change(e.target.checked)} /> ${text}</label>`;

/** An input's value from outside, but never over what is being typed there. */
export const typed = (id, value) => live(document.activeElement?.id === id ? document.activeElement.value : String(value));

/** Write words into a place of the page, if it does not hold them. */
export const tell = (place, words) => place && place.textContent !== words && (place.textContent = words);

/** Count the seconds in each place of a component that says since when. */
export const countUp = (part) => part.querySelectorAll(".elapsed").forEach((place) => tell(place, `${((performance.now() - place.dataset.since) / 1000).toFixed(1)} s`));

/** A name of the daemon's as people write it. */
export const plain = (name) => name.replaceAll("_", " ");

/** Change live settings. */
export const set = (given) => act("set", given);

/** Dollars as a person reads them: exact when small, never 1e-7. */
export function dollars(text) {
	const value = Number(text ?? 0);
	if (!value) return "$0";
	if (value >= 0.995) return `$${value.toFixed(2)}`;
	return `$${value.toFixed(Math.min(8, 1 - Math.floor(Math.log10(value)))).replace(/(\.\d\d\d*?)0+$/, "$1")}`;
}

/** Milliseconds as a person reads them. */
export const millis = (ms) => (ms === undefined || ms === null ? "–" : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);
