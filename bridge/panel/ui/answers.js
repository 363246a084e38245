/* Who made it: the routes of the last answers, step by step and live, and the health of the providers. */

import { html, nothing } from "../vendor/lit.js";
import { Part, dollars, millis, store } from "../js/app.js";

const GOOD = new Set(["ok", "repaired"]);
const MARKS = { ok: "✓", repaired: "✓", skipped: "–", budget: "–", cancelled: "–" };
const CACHE = { hit: "Cache hit", miss: "Cache miss", coalesced: "Shared another caller's answer" };

class DrumAnswers extends Part {
	static on = ["route", "about", "jobs", "alerts"];

	attempt(attempt, longest) {
		const state = GOOD.has(attempt.outcome) ? "good" : MARKS[attempt.outcome] ? "" : "bad";
		return html`<li class=${state}>
			<span class="mark" aria-hidden="true">${MARKS[attempt.outcome] ?? "✕"}</span>
			<span class="who"><b>${attempt.tier}</b> ${attempt.model} <small>${attempt.outcome}${attempt.task && attempt.task !== "pattern" ? `, ${attempt.task}` : ""}</small>
				${attempt.note ? html`<small class="note">${attempt.note}</small>` : nothing}</span>
			<span class="bar" aria-hidden="true"><i .style=${`width:${Math.max(2, (attempt.ms / longest) * 100)}%`}></i></span>
			<span class="num">${millis(attempt.ms)}</span><span class="num">${dollars(attempt.cost_usd)}</span>
		</li>`;
	}

	route(route, running = false) {
		const longest = Math.max(1, route.latency_ms ?? 0, ...route.attempts.map((attempt) => attempt.ms));
		const local = route.provider === "local";
		const job = store.state.jobs.get(route.job);
		return html`<article class="route ${running ? "running" : ""}">
			<header><b>${running ? "Asking …" : local ? "Embedded drummer" : `${route.provider} · ${route.model}`}</b>
				<span class="num">${millis(route.latency_ms)}</span><span class="num">${dollars(route.cost_usd)}</span></header>
			<ol>
				${CACHE[route.cache] ? html`<li class=${route.cache === "miss" ? "" : "good"}><span class="mark" aria-hidden="true">${route.cache === "miss" ? "–" : "✓"}</span><span class="who">${CACHE[route.cache]}</span></li>` : nothing}
				${route.attempts.map((attempt) => this.attempt(attempt, longest))}
				${local && !running ? html`<li class="good"><span class="mark" aria-hidden="true">✓</span><span class="who"><b>local</b> embedded drummer${route.degraded ? html` <small>stood in</small>` : nothing}</span></li>` : nothing}
			</ol>
			${job?.pattern || route.notes?.length ? html`<p class="dim">${[job?.pattern?.name, ...(route.notes ?? [])].filter(Boolean).join(" · ")}</p>` : nothing}
		</article>`;
	}

	provider([name, models]) {
		const { off, ...rest } = models;
		const list = Object.entries(rest);
		return html`<li><b>${name}</b>${off ? html` <span class="state bad">✕ off: ${off}</span>` : nothing}
			${list.map(([model, one]) => html`<div><span>${model}</span> <span class="state ${one.state === "closed" ? "good" : "bad"}">${one.state === "closed" ? "✓ well" : `✕ ${one.state}${one.wait_s ? `, ${one.wait_s} s` : ""}`}</span> <span class="num">${millis(one.ms)}</span></div>`)}</li>`;
	}

	render() {
		const { routes, live, about, alerts } = store.state;
		const providers = Object.entries(about?.providers ?? {});
		return html`${alerts.map((alert) => html`<p class="alert ${alert.level}" role="status"><b>${alert.level ?? "fault"}</b> ${alert.message}</p>`)}
			${live ? this.route(live, true) : nothing}
			${routes.map((route) => this.route(route))}
			${routes.length || live ? nothing : html`<p class="empty">Each answer shows here how it was made: from the cache, by the embedded drummer or by a model, with its time and its cost.</p>`}
			<h3>Providers</h3>
			${providers.length ? html`<ul class="providers">${providers.map((one) => this.provider(one))}</ul>` : html`<p class="dim">No provider has been asked. Without a key the embedded drummer answers everything, at no cost.</p>`}
			${(about?.notices ?? []).map((notice) => html`<p class="dim">${notice}</p>`)}`;
	}
}
customElements.define("drum-answers", DrumAnswers);
