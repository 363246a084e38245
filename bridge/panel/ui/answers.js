/* Who made it: the routes of the last answers, step by step and live, and the health of the providers. */

import { html, nothing } from "../vendor/lit.js";
import { Part, countUp, dollars, millis, store } from "../js/app.js";
import { healthOf, makerOf } from "../js/store.js";

const READ = 12;
const GOOD = new Set(["ok", "repaired"]);
const MARKS = { ok: "✓", repaired: "✓", skipped: "–", budget: "–", cancelled: "–" };
const CACHE = { hit: "Cache hit", miss: "Cache miss", coalesced: "Shared another caller's answer" };

class DrumAnswers extends Part {
	static on = ["route", "about", "jobs"];
	asked = new Map(); // when each answer that is under way was asked for

	get moving() {
		return store.state.live.size > 0;
	}

	frame() {
		countUp(this);
	}

	attempt(attempt, longest) {
		const state = GOOD.has(attempt.outcome) ? "good" : MARKS[attempt.outcome] ? "" : "bad";
		const task = attempt.task?.replace(/_?pattern(_generation)?$/, "").replaceAll("_", " ");
		return html`<li class=${state}>
			<span class="mark" aria-hidden="true">${MARKS[attempt.outcome] ?? "✕"}</span>
			<span class="who"><b>${attempt.tier}</b> ${attempt.model} <small>${attempt.outcome.replaceAll("_", " ")}${task ? `, ${task}` : ""}</small></span>
			<span class="num">${millis(attempt.ms)}</span><span class="num">${dollars(attempt.cost_usd)}</span>
			<span class="took" aria-hidden="true"><i .style=${`width:${Math.max(1, (attempt.ms / longest) * 100)}%`}></i></span>
			${attempt.note ? html`<small class="note">${attempt.note}</small>` : nothing}
		</li>`;
	}

	/** One answer; what the catalogue says of retired models stands below, once. */
	route(route, running = false) {
		const longest = Math.max(1, route.latency_ms ?? 0, ...route.attempts.map((attempt) => attempt.ms));
		const local = route.provider === "local", known = store.state.about?.notices ?? [];
		const words = [store.state.jobs.get(route.job)?.pattern?.name, ...(route.notes ?? []).filter((note) => !known.includes(note))].filter(Boolean).join(" · ");
		return html`<article class="route ${running ? "running" : ""}">
			<header><b>${running ? "Asking " : ""}${makerOf(route)}${running ? " …" : ""}</b>
				${running ? html`<span class="num elapsed" data-since=${this.asked.get(route.job)}></span>` : html`<span class="num">${millis(route.latency_ms)}</span>`}<span class="num">${dollars(route.cost_usd)}</span></header>
			<ol>
				${CACHE[route.cache] ? html`<li class=${route.cache === "miss" ? "" : "good"}><span class="mark" aria-hidden="true">${route.cache === "miss" ? "–" : "✓"}</span><span class="who">${CACHE[route.cache]}</span></li>` : nothing}
				${route.attempts.map((attempt) => this.attempt(attempt, longest))}
				${local && !running ? html`<li class="good"><span class="mark" aria-hidden="true">✓</span><span class="who"><b>local</b> ${makerOf(route).toLowerCase()}${route.degraded && route.model === "embedded" ? html` <small>stood in</small>` : nothing}</span></li>` : nothing}
			</ol>
			${words ? html`<p class="dim">${words}</p>` : nothing}
		</article>`;
	}

	provider([name, one]) {
		const state = ({ good, text }) => html`<span class="state ${good ? "good" : "bad"}">${good ? "✓" : "✕"} ${text}</span>`;
		return html`<li><b>${name}</b>${one.off ? html` ${state({ text: `off: ${one.off}` })}` : healthOf(one).map((row) => html`<div><span>${row.model} <small>${row.tiers}</small></span> ${state(row)} <span class="num">${row.ms ? millis(row.ms) : ""}</span></div>`)}</li>`;
	}

	render() {
		const { routes, live, about } = store.state;
		this.asked = new Map([...live].map(([job, { latency_ms: ms }]) => [job, this.asked.get(job) ?? performance.now() - (ms ?? 0)]));
		const providers = Object.entries(about?.providers ?? {}), notices = about?.notices ?? [];
		return html`${[...live.values()].map((route) => this.route(route, true))}
			${routes.slice(0, READ).map((route) => this.route(route))}
			${routes.length || live.size ? nothing : html`<p class="empty">Each answer shows here how it was made: from the cache, by the embedded drummer or by a model, with its time and its cost.</p>`}
			<h3>Providers</h3>
			${providers.length ? html`<ul class="providers">${providers.map((one) => this.provider(one))}</ul>` : html`<p class="dim">No key is set. The embedded drummer answers everything, at no cost.</p>`}
			${notices.length ? html`<details><summary>Notes on models (${notices.length})</summary>${notices.map((notice) => html`<p class="dim">${notice}</p>`)}</details>` : nothing}`;
	}
}
customElements.define("drum-answers", DrumAnswers);
