/* Now and next: what plays, who made it, how long that took and what it cost; what waits, and at which bar it comes. */

import { html, nothing } from "../vendor/lit.js";
import { Part, act, button, dollars, icon, millis, say, store } from "../js/app.js";
import { lengthOf, titleOf } from "../js/pattern.js";
import { routeOf, shown } from "../js/store.js";
import { inLoop, timeOf } from "../js/time.js";

const MAKERS = { local: "Embedded drummer", anthropic: "Anthropic", openai: "OpenAI", groq: "Groq", cohere: "Cohere" };

/** {who, how, ms, cost} of a pattern in words. */
export function madeBy(pattern, route) {
	if (route) {
		const who = route.provider === "local" ? MAKERS.local : `${MAKERS[route.provider] ?? route.provider} · ${route.model}`;
		const cache = { hit: "from the cache", coalesced: "shared answer" }[route.cache];
		const how = [cache, route.degraded ? "stand-in" : "", route.provider === "local" ? "" : `${route.tier} tier`];
		return { who, how: how.filter(Boolean).join(", "), ms: millis(route.latency_ms), cost: dollars(route.cost_usd) };
	}
	const { generator, edited } = pattern?.meta ?? {};
	const who = { embedded: MAKERS.local, import: "Imported file" }[generator] ?? (generator ? String(generator) : "By hand");
	return { who, how: edited ? "edited here" : "", ms: "", cost: generator === "embedded" ? "$0" : "" };
}

export function keep(favourite = true) {
	const now = shown(store.state);
	if (!now) return say("Nothing to keep yet", "error");
	return act("patterns.favourite", { id: now.base.id, favourite });
}

class DrumNow extends Part {
	static on = ["player", "jobs", "transport", "library", "pending", "route"];
	slots = {};

	connectedCallback() {
		super.connectedCallback();
		this.hears(store, "ab", () => this.other());
		this.frame();
	}

	frame() {
		if (!this.isConnected) return;
		const { player, transport } = store.state;
		const bar = this.querySelector(".progress i");
		if (bar && player.pattern && transport.state === "playing") {
			const length = lengthOf(player.pattern);
			bar.style.transform = `scaleX(${inLoop(store.tick(), player.origin ?? 0, length) / length})`;
		} else if (bar) bar.style.transform = "scaleX(0)";
		const count = this.querySelector(".countdown");
		if (count) {
			const at = Number(count.dataset.tick);
			const left = Math.max(0, timeOf(transport, at) - store.link.now());
			const text = transport.state === "playing" ? `in ${left.toFixed(1)} s` : "when it starts";
			if (count.textContent !== text) count.textContent = text;
		}
		requestAnimationFrame(() => this.frame());
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

	next(item) {
		const once = item.once;
		return html`<section class="card next" aria-label="Next">
			<header><span class="tag">${icon("next")}${once ? "Fill" : "Next"}</span>
				<strong>bar ${item.bar}${item.beat > 1 ? `.${Math.floor(item.beat)}` : ""}</strong>
				<span class="countdown" data-tick=${item.tick}></span>
				${button("close", "Cancel what waits", () => act("cancel"), { keys: "C" })}</header>
			<h2>${titleOf(item.pattern)}</h2>
			<p class="facts">${item.pattern.bars} ${item.pattern.bars === 1 ? "bar" : "bars"} · ${item.pattern.meter}</p>
		</section>`;
	}

	working(job) {
		const live = store.state.live;
		const last = live?.job === job.job ? live.attempts.at(-1) : null;
		return html`<section class="card next" aria-label="In the making">
			<header><span class="tag">${icon("spark")}Asking</span>
				${button("close", "Stop this job", () => act("job.cancel", { job: job.job }))}</header>
			<h2>${last ? `${last.model} · ${last.outcome}` : "A better answer is on its way"}</h2>
			<p class="facts">The embedded drummer plays meanwhile</p></section>`;
	}

	render() {
		const { player, jobs, library } = store.state;
		const now = shown(store.state);
		document.title = now?.sounding ? `▶ ${titleOf(now.pattern)}` : "drumbridge";
		if (!now) return nothing;
		const { pattern } = now;
		const kept = library.find((one) => one.id === now.base.id);
		const waiting = player.queued.filter((item) => item.take !== now.take || item.once);
		const asking = [...jobs.values()].filter((job) => job.state === "running" || job.state === "draft");
		return html`<section class="card playing ${now.sounding ? "on" : ""}" aria-label="Now">
				<header><span class="tag">${icon(now.sounding ? "play" : "stop")}${!now.sounding ? "Ready" : player.fill ? "Now playing: a fill" : "Now playing"}</span>
					<span class="spacer"></span>
					${button("", "Swap A and B", () => this.other(), { keys: "A", text: `${this.side ?? "A"} → ${(this.side ?? "A") === "A" ? "B" : "A"}` })}
					${button("heart", kept?.favourite ? "No longer a favourite" : "Favourite", () => keep(!kept?.favourite), { keys: "B", pressed: Boolean(kept?.favourite), kind: "heart" })}
				</header>
				<h2>${titleOf(pattern)}</h2>
				<p class="facts">${pattern.bars} ${pattern.bars === 1 ? "bar" : "bars"} · ${pattern.meter} · ${pattern.hits.length} strokes</p>
				${this.made(madeBy(pattern, routeOf(store.state, now.base, now.route)))}
				${player.song ? html`<ol class="parts" aria-label="Song">${player.song.sections.map((part, i) => html`<li aria-current=${i === player.song.section ? "step" : nothing}>${part.name} ${part.starts_at_bar}</li>`)}</ol>` : nothing}
				<div class="progress" aria-hidden="true"><i></i></div>
			</section>
			${waiting.map((item) => this.next(item))}${asking.map((job) => this.working(job))}`;
	}
}
customElements.define("drum-now", DrumNow);
