/* Now and next: what plays, who made it, how long that took and what it cost; what waits, and at which bar it comes. */

import { html, nothing } from "../vendor/lit.js";
import { Part, act, button, countUp, dollars, icon, millis, say, store, tell } from "../js/app.js";
import { kindOf, lengthOf, titleOf } from "../js/pattern.js";
import { makerOf, routeOf, shown, sourceOf } from "../js/store.js";
import { inLoop, locate, timeOf } from "../js/time.js";

const READ_MS = 250;
const barsOf = (n) => `${n} ${n === 1 ? "bar" : "bars"}`;

/** {who, how, ms, cost} of a pattern in words. */
export function madeBy(pattern, route) {
	if (route) {
		const cache = { hit: "from the cache", coalesced: "shared answer" }[route.cache];
		const how = [cache, route.degraded && route.model === "embedded" ? "stand-in" : "", route.provider === "local" ? "" : `${route.tier} tier`];
		return { who: makerOf(route), how: how.filter(Boolean).join(", "), ms: millis(route.latency_ms), cost: dollars(route.cost_usd) };
	}
	const { generator, edited } = pattern?.meta ?? {};
	return { who: sourceOf(pattern?.meta), how: edited ? "edited here" : "", ms: "", cost: generator === "embedded" ? "$0" : "" };
}

export function keep(favourite = true) {
	const now = shown(store.state);
	if (!now) return say("Nothing to keep yet", "error");
	return act("patterns.favourite", { id: now.base.id, favourite });
}

class DrumNow extends Part {
	static on = ["player", "jobs", "transport", "library", "pending", "route"];
	slots = {};
	began = new Map();

	connectedCallback() {
		super.connectedCallback();
		this.hears(store, "ab", () => this.other());
	}

	get moving() {
		return super.moving || Boolean(this.querySelector(".elapsed"));
	}

	frame() {
		const { player, transport } = store.state;
		const bar = this.querySelector(".progress i");
		if (bar && player.pattern && transport.state === "playing") {
			const length = lengthOf(player.pattern);
			bar.style.transform = `scaleX(${inLoop(store.tick(), player.origin ?? 0, length) / length})`;
		} else if (bar) bar.style.transform = "scaleX(0)";
		for (const place of this.querySelectorAll(".due")) {
			const left = Math.max(0, timeOf(transport, Number(place.dataset.tick)) - store.link.now());
			tell(place, transport.state === "playing" ? `in ${left.toFixed(1)} s` : "when it starts");
		}
		countUp(this);
	}

	/** A and B hold a groove each; going to the other one keeps the one that is left. */
	other() {
		const now = shown(store.state);
		const here = this.side ?? "A", there = here === "A" ? "B" : "A";
		if (now) this.slots[here] = now.base;
		this.side = there;
		this.update();
		if (this.slots[there]) act("play", { pattern: this.slots[there], at: "bar" });
		else say(`${there} is empty: the next groove goes there; ${here} is kept`);
	}

	made({ who, how, ms, cost }) {
		return html`<dl class="made">
			<div><dt>Made by</dt><dd>${who}${how ? html` <small>${how}</small>` : nothing}</dd></div>
			${ms ? html`<div><dt>Took</dt><dd>${ms}</dd></div>` : nothing}
			${cost ? html`<div><dt>Cost</dt><dd>${cost}</dd></div>` : nothing}
		</dl>`;
	}

	/** Of a playing song, what comes by itself after this part. */
	ahead({ song, pattern, queued, origin }) {
		if (!song || !pattern || queued.some((item) => !item.once)) return [];
		const tick = origin + lengthOf(pattern), part = song.sections[song.section + 1];
		return [{ own: true, tick, ...locate(store.state.transport, tick), title: part?.name ?? "The end", words: part ? barsOf(part.bars) : "Then it stops" }];
	}

	next({ once, own, bar, beat, tick, title, words, made }) {
		return html`<section class="card next" aria-label="Next">
			<header><span class="tag">${icon("next")}${once ? "Once" : "Next"}</span>
				<strong>bar ${bar}${beat > 1 ? `.${Math.floor(beat)}` : ""}</strong>
				<span class="countdown due" data-tick=${tick}></span>
				${own ? nothing : button("close", "Cancel what waits", () => act("cancel"), { keys: "C" })}</header>
			<h2>${title}</h2>
			<p class="facts">${words}</p>
			${made ? this.made(made) : nothing}
		</section>`;
	}

	/** Whether a job lasts long enough to be read; the embedded drummer's are over at once. */
	lasts(job) {
		const now = performance.now();
		if (!this.began.has(job)) this.began.set(job, now);
		if (now - this.began.get(job) > READ_MS) return true;
		setTimeout(() => this.update(), READ_MS + 1);
	}

	working({ job, state, progress }) {
		const live = store.state.live.get(job), last = live?.attempts.at(-1);
		const title = live ? makerOf(live) : progress ? "What an audio file plays" : "A better answer is on its way";
		const meanwhile = state === "draft" && !progress ? "The embedded drummer plays meanwhile" : "What plays goes on meanwhile";
		return html`<section class="card next" aria-label="In the making">
			<header><span class="tag">${icon("spark")}${progress && !live ? "Listening" : "Asking"}</span><span class="countdown elapsed" data-since=${this.began.get(job)}></span>
				${button("close", "Stop this job", () => act("job.cancel", { job }))}</header>
			<h2>${title}</h2>
			<p class="facts">${last ? `${last.model}: ${last.outcome.replaceAll("_", " ")}. ` : ""}${meanwhile}</p></section>`;
	}

	render() {
		const { player, jobs, library, transport } = store.state, { song } = player;
		const now = shown(store.state);
		document.title = now?.sounding ? `▶ ${titleOf(now.pattern)}` : "drumbridge";
		if (!now) return nothing;
		const { pattern } = now;
		const kept = library.find((one) => one.id === now.base.id);
		const waiting = player.queued.filter((item) => item.take !== now.take || item.once);
		const coming = waiting.map((item) => ({ ...item, title: titleOf(item.pattern), words: `${barsOf(item.pattern.bars)} · ${item.pattern.meter}`, made: item.once ? null : madeBy(item.pattern, routeOf(store.state, item.pattern)) }));
		const before = song && now.sounding ? locate(transport, player.origin).bar - song.sections[song.section].starts_at_bar : 0; // a song begins at any bar
		const asking = [...jobs.values()].filter(({ job, state }) => (state === "running" || state === "draft") && this.lasts(job));
		return html`<section class="card playing ${now.sounding ? "on" : ""}" aria-label="Now">
				<header><span class="tag">${icon(now.sounding ? "play" : "stop")}${!now.sounding ? "Ready" : player.filling ? `Now playing: ${kindOf(player.filling.pattern)}` : "Now playing"}</span>
					<span class="spacer"></span>
					${button("", "Swap A and B", () => this.other(), { keys: "A", text: `${this.side ?? "A"} → ${(this.side ?? "A") === "A" ? "B" : "A"}` })}
					${button("heart", kept?.favourite ? "No longer a favourite" : "Favourite", () => keep(!kept?.favourite), { keys: "B", pressed: Boolean(kept?.favourite), kind: "heart" })}
				</header>
				<h2>${song ? `${song.name}: ` : ""}${titleOf(pattern)}</h2>
				<p class="facts">${barsOf(pattern.bars)} · ${pattern.meter} · ${pattern.hits.length} strokes</p>
				${this.made(madeBy(pattern, routeOf(store.state, now.base, now.route)))}
				${song ? html`<ol class="parts" aria-label="Song">${song.sections.map((part, i) => html`<li aria-current=${i === song.section ? "step" : nothing}>${part.name} ${part.starts_at_bar + before}</li>`)}</ol>` : nothing}
				<div class="progress" aria-hidden="true"><i></i></div>
			</section>
			${[...coming, ...this.ahead(player)].map((item) => this.next(item))}${asking.map((job) => this.working(job))}`;
	}
}
customElements.define("drum-now", DrumNow);
