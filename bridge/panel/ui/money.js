/* Costs against the budget, by tier and by day; latency and hit rate over time. Figures are the daemon's, never ours. */

import { html, nothing, svg } from "../vendor/lit.js";
import { Part, dollars, link, millis, store } from "../js/app.js";

const DAYS = 14;
const W = 300, H = 64;

/** The share of cache hits after each of the answers that asked the cache, oldest first; routes have the newest first. */
export function hitRates(routes) {
	const asked = routes.filter(({ cache }) => cache !== "off").reverse();
	return asked.map((_, i) => asked.slice(0, i + 1).filter(({ cache }) => cache !== "miss").length / (i + 1));
}

class DrumMoney extends Part {
	static on = ["metrics", "about", "route"];
	tiers = [];
	days = [];

	connectedCallback() {
		super.connectedCallback();
		this.hears(store, "tab", () => this.read());
		this.hears(store, "change", ({ detail }) => (detail === "metrics" || (detail === "link" && link.state === "open")) && this.read());
	}

	async read() {
		if (link.state !== "open" || this.unseen) return;
		const since = new Date(Date.now() - (DAYS - 1) * 864e5).toISOString().slice(0, 10);
		const [tiers, days] = await Promise.all([link.call("costs", { by: ["tier"], since: `${new Date().toISOString().slice(0, 8)}01` }), link.call("costs", { by: ["day"], since })]).catch(() => []);
		if (!days) return;
		Object.assign(this, { tiers: tiers.rows, days: days.rows });
		this.update();
	}

	chart() {
		const spent = new Map(this.days.map((row) => [String(row.day).replaceAll("-", ""), Number(row.cost_usd)]));
		const days = Array.from({ length: DAYS }, (_, i) => new Date(Date.now() - (DAYS - 1 - i) * 864e5).toISOString().slice(0, 10));
		const values = days.map((day) => spent.get(day.replaceAll("-", "")) ?? 0);
		const most = Math.max(...values, 1e-9), w = W / DAYS;
		const total = values.reduce((a, b) => a + b, 0);
		return html`<figure><figcaption>Last ${DAYS} days: ${dollars(total)}</figcaption>
			<svg viewBox="0 0 ${W} ${H}" role="img" aria-label="Cost a day, ${DAYS} days, at most ${dollars(most < 1e-8 ? 0 : most)}" class="chart" preserveAspectRatio="none">
				${values.map((value, i) => svg`<rect x=${i * w + 1} width=${w - 2} y=${H - Math.max(1, (value / most) * (H - 4))} height=${Math.max(1, (value / most) * (H - 4))}><title>${days[i]}: ${dollars(value)}</title></rect>`)}
			</svg></figure>`;
	}

	line(label, values, show) {
		const points = values.map((value, i) => [(i / Math.max(1, values.length - 1)) * W, value]);
		const most = Math.max(...values, 1e-9);
		const text = points.map(([x, value]) => `${x.toFixed(1)},${(H - 3 - (value / most) * (H - 8)).toFixed(1)}`).join(" ");
		return html`<figure><figcaption>${label} <b>${values.length ? show(values.at(-1)) : "–"}</b></figcaption>
			${values.length > 1 ? html`<svg viewBox="0 0 ${W} ${H}" role="img" aria-label="${label}, now ${show(values.at(-1))}, at most ${show(most)}" class="chart" preserveAspectRatio="none">${svg`<polyline points=${text} />`}</svg>` : nothing}</figure>`;
	}

	render() {
		const { metrics, about, routes } = store.state;
		const budget = about?.budget ?? {};
		const share = Number(budget.limit_usd) ? (Number(budget.spent_usd) / Number(budget.limit_usd)) * 100 : 0;
		const latency = metrics.latency_ms ?? {};
		const rate = (value) => (value === null || value === undefined ? "–" : `${Math.round(value * 100)} %`);
		return html`<div class="budget"><b>${dollars(budget.spent_usd)}</b> <span>of ${budget.limit_usd ? dollars(budget.limit_usd) : "no limit"} in ${budget.month ?? "this month"}</span>
				<meter aria-label="Budget spent" min="0" max="100" low="60" high="80" optimum="0" .value=${share}></meter>
				<small>${budget.closed ? `Paid tiers are closed: ${budget.closed}` : budget.left_usd ? `${dollars(budget.left_usd)} left until ${budget.resets}` : ""}</small></div>
			${this.chart()}
			<table><caption>By tier, this month</caption><thead><tr><th scope="col">Tier</th><th scope="col">Calls</th><th scope="col">Tokens</th><th scope="col">Cost</th></tr></thead><tbody>
				${this.tiers.length ? this.tiers.map((row) => html`<tr><th scope="row">${row.tier}</th><td>${row.attempts}</td><td>${row.input_tokens + row.output_tokens}</td><td>${dollars(row.cost_usd)}</td></tr>`) : html`<tr><td colspan="4">Nothing was paid yet.</td></tr>`}
			</tbody></table>
			<dl class="figures">
				<div><dt>Requests</dt><dd>${metrics.requests ?? 0}</dd></div><div><dt>Median</dt><dd>${millis(latency.p50)}</dd></div><div><dt>p95</dt><dd>${millis(latency.p95)}</dd></div>
				<div><dt>Cache hits</dt><dd>${rate(metrics.cache_hit_rate)}</dd></div><div><dt>Fallbacks</dt><dd>${rate(metrics.fallback_rate)}</dd></div>
			</dl>
			${this.line("Latency of the last answers", routes.map((one) => one.latency_ms).reverse(), millis)}
			${this.line("Cache hits of the last answers", hitRates(routes), rate)}`;
	}
}
customElements.define("drum-money", DrumMoney);
