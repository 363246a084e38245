/* The library: search, favourites, play, rename, export, download, delete with a way back, and files dropped on the page. */

import { html, live, nothing } from "../vendor/lit.js";
import { Part, act, button, check, link, say, store } from "../js/app.js";
import { titleOf } from "../js/pattern.js";

const AUDIO = /\.(wav|flac|ogg|mp3|aiff?|m4a)$/i;
const RATE = 22050;
const MOST_BYTES = 2.2 * 2 ** 20;

/** Read the library again; many changes at once are one reading. */
export const reload = () => {
	reload.timer ??= setTimeout(async () => {
		reload.timer = null;
		const answer = await link.call("patterns.list").catch(() => null);
		if (answer) store.put("library", answer.patterns);
	}, 30);
};

/** Audio as the daemon hears it best for its size: one channel at 22 kHz, 16 bits, as much of it as one message takes. */
async function smaller(file) {
	const heard = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await file.arrayBuffer());
	const length = Math.min(heard.length, Math.floor(MOST_BYTES / 2) - 22), channels = Array.from({ length: heard.numberOfChannels }, (_, i) => heard.getChannelData(i));
	const out = new DataView(new ArrayBuffer(44 + 2 * length));
	[0x46464952, 36 + 2 * length, 0x45564157, 0x20746d66, 16, 0x10001, RATE, 2 * RATE, 0x100002, 0x61746164, 2 * length].forEach((word, i) => out.setUint32(4 * i, word, true));
	for (let i = 0; i < length; i += 1) out.setInt16(44 + 2 * i, 32767 * Math.max(-1, Math.min(1, channels.reduce((sum, one) => sum + one[i], 0) / channels.length)), true);
	return new Blob([out]);
}

async function base64(file) {
	const bytes = new Uint8Array(await file.arrayBuffer());
	let text = "";
	for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
	return btoa(text);
}

/** Take in a file: a .mid becomes a groove of the library and plays, audio is listened to by the daemon. */
export async function takeFile(file) {
	const name = file.name.replace(/\.[^.]*$/, "");
	const audio = AUDIO.test(file.name), method = audio ? "analyze" : "patterns.import";
	const large = file.size > MOST_BYTES, taken = audio && large ? await smaller(file).catch(() => null) : large ? null : file;
	if (!taken) return say(`${file.name} is too large`, "error", "use a part of it, up to 2 MB");
	const data = await base64(taken);
	if (audio) return (await act(method, { audio: data, at: "bar" })) && say(`Listening to ${file.name}`);
	const kept = await act(method, { midi: data, name: name.slice(0, 80) });
	if (kept && (await act("play", { pattern: kept.id, at: "bar" }))) say(`${name} is in the library and plays`);
}

class DrumLibrary extends Part {
	static on = ["library", "player"];
	search = "";
	loved = false;
	path = "";

	async rename(item) {
		const { pattern } = (await act("patterns.get", { id: item.id })) ?? {};
		const name = this.querySelector("#rename").value.trim();
		this.renaming = null;
		if (pattern && name) await act("patterns.put", { pattern: { ...pattern, name } });
		this.update();
	}

	async discard(item) {
		const kept = await act("patterns.get", { id: item.id });
		if (!kept || !(await act("patterns.delete", { id: item.id }))) return;
		const back = async () => {
			await act("patterns.put", { pattern: kept.pattern });
			if (item.favourite) act("patterns.favourite", { id: item.id, favourite: true });
		};
		say(`${titleOf(item)} was deleted`, "info", "", { text: "Bring it back", deed: back });
	}

	async export(id, download) {
		const done = await act("patterns.export", { id });
		if (!done) return;
		this.put("path", done.path);
		if (!download) return;
		const answer = await fetch(done.url, { headers: { Authorization: `Bearer ${link.token}` } });
		if (!answer.ok) return say("The file could not be fetched", "error");
		const anchor = Object.assign(document.createElement("a"), { href: URL.createObjectURL(await answer.blob()), download: done.url.split("/").pop() });
		anchor.click();
		setTimeout(() => URL.revokeObjectURL(anchor.href), 5000);
	}

	item(item) {
		const playing = store.state.player.playing === item.id;
		const title = titleOf(item);
		if (this.renaming === item.id) {
			return html`<li><form class="line" @submit=${(e) => (e.preventDefault(), this.rename(item))}>
				<label class="sr" for="rename">New name of ${title}</label><input id="rename" .value=${title} maxlength="200" />
				<button>Save</button>${button("close", "Do not rename", () => this.put("renaming", null))}</form></li>`;
		}
		return html`<li class=${playing ? "on" : ""}>
			${button("play", `Play ${title}`, () => act("play", { pattern: item.id, at: "bar" }))}
			<span class="what"><b>${title}</b><small>${playing ? "Playing · " : ""}${item.bars} × ${item.meter} · ${item.hit_count} strokes</small></span>
			${button("heart", `Favourite ${title}`, () => act("patterns.favourite", { id: item.id, favourite: !item.favourite }), { pressed: item.favourite, kind: "heart" })}
			${button("down", `Download ${title} as .mid`, () => this.export(item.id, true))}
			<details class="more" @click=${(e) => e.target.closest("button") && (e.currentTarget.open = false)} @focusout=${(e) => e.currentTarget.contains(e.relatedTarget) || (e.currentTarget.open = false)}><summary aria-label="More for ${title}" title="More">⋯</summary><div>
				<button @click=${() => this.put("renaming", item.id).then(() => this.querySelector("#rename").focus())}>Rename</button>
				<button @click=${() => this.export(item.id, false)} title="Export to the folder">Export</button>
				<button @click=${() => this.discard(item)}>Delete</button></div></details>
		</li>`;
	}

	render() {
		const { library, player } = store.state;
		const words = this.search.toLowerCase().split(/\s+/).filter(Boolean);
		const found = library.filter((one) => (!this.loved || one.favourite) && words.every((word) => `${titleOf(one)} ${one.meta?.genre ?? ""} ${one.meta?.style ?? ""}`.toLowerCase().includes(word)));
		const current = player.song?.id ?? player.playing ?? player.ready?.pattern.id;
		return html`<div class="line">
				<label class="sr" for="search">Search the library</label>
				<input id="search" type="search" placeholder="Search ${library.length} ${library.length === 1 ? "groove" : "grooves"}" .value=${live(this.search)} @input=${(e) => this.put("search", e.target.value)} />
				${check("Favourites", this.loved, (on) => this.put("loved", on))}
			</div>
			<ul class="list">${found.slice().reverse().slice(0, 200).map((one) => this.item(one))}</ul>
			${found.length ? nothing : html`<p class="empty">${library.length ? "Nothing fits." : "Keep what plays with the heart, and it stays here."}</p>`}
			<div class="line">
				${button("down", "Download what plays as .mid", () => this.export(current, true), { text: player.song ? "Download the song" : "Download .mid", disabled: !current })}
				${button("", "Show the folder with the exports in this computer's file manager", () => act("patterns.reveal"), { text: "Reveal folder" })}
				<label class="file"><input type="file" accept=".mid,.midi,.wav,.flac,.ogg,.mp3,.aif,.aiff" @change=${(e) => ([...e.target.files].forEach(takeFile), (e.target.value = ""))} /><span>Open a file</span></label>
			</div>
			${this.path ? html`<p class="dim path">Exported to <code>${this.path}</code>. Drag it from there into a track.</p>` : html`<p class="dim">Or drop a .mid or audio file anywhere on the page.</p>`}`;
	}
}
customElements.define("drum-library", DrumLibrary);
