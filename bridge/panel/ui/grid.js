/* The grid: strokes as they are played, painted by pointer and keys, a playhead that is worked out for each frame.
   An edit names cells and goes to the daemon as such, so that two pages and a script may edit at once. */

import { html, nothing } from "../vendor/lit.js";
import { Part, act, button, check, choice, store } from "../js/app.js";
import { ACCENT, GHOST, NORMAL, STEPS, cellHits, fillsIn, heardWith, lengthOf, loudness, meterOf, naturalStep, rowsOf, voiceName, whereIs } from "../js/pattern.js";
import { shown } from "../js/store.js";
import { inLoop } from "../js/time.js";
import { RULER, drawGrid, drawOverview, retheme } from "./draw.js";

const BRUSHES = { ghost: GHOST, normal: NORMAL, accent: ACCENT };
const NUDGE_TICKS = 10;
const LENGTHS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];

/** Send one gesture's edits; they are drawn at once and taken back if refused. */
export async function edit(take, hits, bars) {
	if (!hits.length && bars === undefined) return;
	const entry = { take, hits };
	store.put("pending", [...store.state.pending, entry]);
	await act("edit", { take, hits, bars });
	store.put("pending", store.state.pending.filter((one) => one !== entry));
}

class DrumGrid extends Part {
	static on = ["player", "pending", "catalog"];
	brush = "normal";
	step = "";
	extra = [];
	follow = true;
	cursor = { row: 0, tick: 0 };

	connectedCallback() {
		super.connectedCallback();
		this.hears(window, "resize", () => this.update());
		this.hears(store, "retheme", () => (retheme(), this.update()));
	}

	get now() {
		return shown(store.state);
	}

	get stepTicks() {
		return STEPS[this.step] ?? naturalStep(this.now.base);
	}

	silent = (voice) => {
		const { mute, solo } = store.state.player.mix ?? { mute: [], solo: [] };
		return solo.length ? !solo.includes(voice) : mute.includes(voice);
	};

	// The playhead

	frame() {
		const head = this.head, { transport, player } = store.state;
		if (!head || !this.scene) return;
		const playing = transport.state === "playing" && player.pattern;
		head.hidden = !playing;
		if (!playing) return;
		const tick = store.tick();
		const place = tick < 0 ? 0 : inLoop(tick, player.origin ?? 0, lengthOf(player.pattern));
		if (player.filling && place < this.passed) this.update(); // the fill goes on in a further round
		const x = (place / this.scene.step) * this.scene.stepW;
		head.style.transform = `translateX(${x}px)`;
		this.small.style.transform = `translateX(${(place / lengthOf(player.pattern)) * this.scene.small}px)`;
		if (this.follow && !this.gesture) this.keepInView(x);
		this.flash(place);
	}

	keepInView(x) {
		const { scrollLeft, clientWidth } = this.view;
		if (x < scrollLeft || x > scrollLeft + clientWidth - 8) this.view.scrollLeft = Math.max(0, x - 40);
	}

	/** Light the lamp of each row whose stroke the playhead has just passed. */
	flash(place) {
		const from = this.passed ?? place;
		this.passed = place;
		if (place < from || this.still) return;
		for (const hit of this.scene.hits) {
			const at = hit.tick + (hit.shift ?? 0);
			if (at > from && at <= place && !hit.out && !this.silent(hit.voice)) {
				const lamp = this.lamps?.[this.scene.rows.indexOf(hit.voice)];
				lamp?.animate([{ opacity: 0.25 + hit.velocity / 170 }, { opacity: 0.15 }], { duration: 220, easing: "ease-out" });
			}
		}
	}

	// Drawing

	drawn() {
		this.view = this.querySelector(".view");
		this.head = this.querySelector(".playhead");
		this.overview = this.querySelector(".overview");
		this.small = this.overview?.lastElementChild;
		this.lamps = [...this.querySelectorAll(".lamp")];
		this.still = matchMedia("(prefers-reduced-motion: reduce)").matches;
		this.paint();
	}

	paint() {
		const now = this.now;
		if (!now || !this.view) return;
		const rowH = parseFloat(getComputedStyle(this).getPropertyValue("--row")) || 30;
		const width = this.view.clientWidth, step = this.stepTicks;
		const steps = lengthOf(now.pattern) / step;
		const least = matchMedia("(pointer: coarse)").matches ? 26 : 17;
		const stepW = Math.max(least * Math.min(1, step / 240 + 0.25), Math.min(56, width / steps));
		const rows = this.rows, { fills } = this;
		const focused = document.activeElement === this.view && this.byKeys;
		this.scene = {
			pattern: now.pattern, hits: heardWith(now.pattern.hits, fills), fills, rows, step, stepW, rowH, width, left: this.view.scrollLeft, silent: this.silent,
			cursor: focused ? this.cursor : null, hover: this.hover,
		};
		this.querySelector(".roll").style.width = `${Math.max(width, steps * stepW)}px`;
		drawGrid(this.querySelector(".roll canvas"), this.scene);
		this.head.style.height = `${RULER + rows.length * rowH}px`;
		this.overview.hidden = steps * stepW <= width + 1;
		this.scene.small = this.overview.clientWidth;
		if (this.scene.small) drawOverview(this.overview.firstElementChild, this.scene);
	}

	get fills() {
		return this.now.sounding ? fillsIn(this.now.base, store.state.player, store.tick()) : [];
	}

	/** Drums that a fill brought stay with the groove: rows that come and go would move the page. */
	get rows() {
		const { now } = this;
		if (this.lent?.take !== now.take) this.lent = { take: now.take, voices: new Set() };
		for (const { hits } of this.fills) for (const { voice } of hits) this.lent.voices.add(voice);
		return rowsOf(now.pattern, [...this.extra, ...this.lent.voices]);
	}

	// Pointer

	cellAt(event) {
		const { left, top } = this.view.getBoundingClientRect();
		const { stepW, step, rowH, rows, pattern } = this.scene;
		const index = Math.floor((event.clientX - left + this.view.scrollLeft) / stepW);
		const row = Math.floor((event.clientY - top - RULER) / rowH);
		const tick = index * step;
		return row >= 0 && row < rows.length && tick >= 0 && tick < lengthOf(pattern) ? { row, tick, voice: rows[row] } : null;
	}

	velocityOf(event) {
		return event.shiftKey ? ACCENT : event.altKey ? GHOST : BRUSHES[this.brush];
	}

	/** One gesture from press to release; touch only taps, so that a finger can scroll. */
	press(event) {
		const cell = this.cellAt(event);
		this.byKeys = false;
		if (!cell || event.button) return;
		const { take, pattern } = this.now;
		const hits = cellHits(pattern, cell.voice, cell.tick, this.scene.step);
		this.gesture = { take, cell, hits, x: event.clientX, y: event.clientY, edits: new Map(), mode: hits.length ? "" : "paint", touch: event.pointerType === "touch" };
		if (this.gesture.touch) return;
		this.view.setPointerCapture(event.pointerId);
		if (!hits.length) this.mark(cell, this.velocityOf(event));
	}

	mark({ tick, voice }, velocity) {
		this.gesture.edits.set(`${tick} ${voice}`, { tick, voice, velocity });
		const others = store.state.pending.filter((one) => one !== this.draft);
		this.draft = { take: this.gesture.take, hits: [...this.gesture.edits.values()] };
		store.put("pending", [...others, this.draft]);
	}

	drag(event) {
		const cell = this.cellAt(event), gesture = this.gesture;
		if (!gesture || gesture.touch) {
			const same = this.hover?.row === cell?.row && this.hover?.tick === cell?.tick;
			if (!same) (this.hover = event.pointerType === "touch" ? null : cell), this.paint();
			return;
		}
		const up = gesture.y - event.clientY, across = Math.abs(event.clientX - gesture.x);
		if (!gesture.mode && Math.abs(up) > 4 && Math.abs(up) > across) gesture.mode = "level";
		else if (!gesture.mode && cell && (cell.tick !== gesture.cell.tick || cell.row !== gesture.cell.row)) {
			gesture.mode = "erase";
			gesture.hits.forEach((hit) => this.mark(hit, 0));
		}
		if (gesture.mode === "level") {
			for (const hit of gesture.hits) this.mark(hit, Math.round(Math.min(127, Math.max(1, hit.velocity + up * 1.5))));
		} else if (gesture.mode && cell) {
			const found = cellHits(this.now.base, cell.voice, cell.tick, this.scene.step);
			if (gesture.mode === "erase") found.forEach((hit) => this.mark(hit, 0));
			else if (!found.length) this.mark(cell, this.velocityOf(event));
		}
	}

	release(event) {
		const gesture = this.gesture;
		if (!gesture) return;
		if (gesture.touch && !gesture.hits.length) this.mark(gesture.cell, this.velocityOf(event));
		if (!gesture.mode) gesture.hits.forEach((hit) => this.mark(hit, 0));
		this.cursor = { row: gesture.cell.row, tick: gesture.cell.tick };
		store.put("pending", store.state.pending.filter((one) => one !== this.draft));
		this.gesture = this.draft = null;
		if (event.type === "pointerup") edit(gesture.take, [...gesture.edits.values()]);
	}

	// Keys

	keys(event) {
		if (event.ctrlKey || event.metaKey) return;
		const { step, rows, pattern } = this.scene, { barTicks } = meterOf(pattern), last = lengthOf(pattern) - step;
		const voice = rows[Math.min(this.cursor.row, rows.length - 1)];
		const { cursor } = this, hits = cellHits(pattern, voice, cursor.tick, step);
		const go = (row, tick) => {
			cursor.row = Math.min(rows.length - 1, Math.max(0, cursor.row + row));
			cursor.tick = Math.min(last, Math.max(0, cursor.tick + tick));
		};
		const all = (change) => edit(this.now.take, hits.map((hit) => ({ tick: hit.tick, voice, velocity: hit.velocity, ...change(hit) })));
		const level = (velocity) => (hits.length ? all(() => ({ velocity })) : velocity && edit(this.now.take, [{ tick: cursor.tick, voice, velocity }]));
		const louder = (by) => all((hit) => ({ velocity: Math.min(127, Math.max(1, hit.velocity + by)) }));
		const nudge = (by) => all((hit) => ({ shift: Math.max(-hit.tick, -480, Math.min(480, (hit.shift ?? 0) + by)) }));
		const bar = cursor.tick - (cursor.tick % barTicks);
		const deeds = {
			ArrowLeft: () => go(0, -step), ArrowRight: () => go(0, step), ArrowUp: () => go(-1, 0), ArrowDown: () => go(1, 0),
			PageUp: () => go(0, -barTicks), PageDown: () => go(0, barTicks), Home: () => go(0, bar - cursor.tick), End: () => go(0, bar + barTicks - step - cursor.tick),
			Enter: () => level(hits.length ? 0 : BRUSHES[this.brush]), Delete: () => level(0), Backspace: () => level(0),
			1: () => level(GHOST), 2: () => level(NORMAL), 3: () => level(ACCENT), "+": () => louder(6), "-": () => louder(-6),
			",": () => nudge(-NUDGE_TICKS), ".": () => nudge(NUDGE_TICKS), m: () => this.toggle("mute", voice), s: () => this.toggle("solo", voice),
		};
		const deed = deeds[event.key === "=" ? "+" : event.key];
		if (!deed) return;
		event.preventDefault();
		event.stopPropagation();
		this.byKeys = true;
		deed();
		this.paint();
		const x = (cursor.tick / step) * this.scene.stepW;
		if (x < this.view.scrollLeft || x + this.scene.stepW > this.view.scrollLeft + this.view.clientWidth) this.view.scrollLeft = Math.max(0, x - 60);
		queueMicrotask(() => this.tellCell());
	}

	/** Say the cell under the cursor to a screen reader. */
	tellCell() {
		const { rows, step } = this.scene, voice = rows[this.cursor.row], now = this.now;
		const [hit] = cellHits(now.pattern, voice, this.cursor.tick, step);
		const what = hit ? `${loudness(hit.velocity)}, ${hit.velocity}${hit.shift ? `, ${Math.abs(hit.shift)} ticks ${hit.shift < 0 ? "early" : "late"}` : ""}` : "rest";
		this.querySelector(".cell").textContent = `${voiceName(voice)}, ${whereIs(now.pattern, this.cursor.tick, step)}: ${what}`;
	}

	toggle(kind, voice) {
		const list = store.state.player.mix?.[kind] ?? [];
		return act("mix", { [kind]: list.includes(voice) ? list.filter((one) => one !== voice) : [...list, voice] });
	}

	jump(event) {
		const { left, width } = event.currentTarget.getBoundingClientRect();
		this.follow = false;
		this.view.scrollLeft = ((event.clientX - left) / width) * this.view.scrollWidth - this.view.clientWidth / 2;
		this.update();
	}

	focused(by) {
		this.byKeys = by && this.view.matches(":focus-visible");
		this.paint();
		if (this.byKeys) this.tellCell();
	}

	row(voice) {
		const { mute = [], solo = [] } = store.state.player.mix ?? {};
		const name = voiceName(voice);
		const toggle = (kind, letter, on) => html`<button class="mini ${kind}" aria-pressed=${String(on)} aria-label="${kind} ${name}" title="${kind} ${name}" @click=${() => this.toggle(kind, voice)}>${letter}</button>`;
		return html`<li class=${this.silent(voice) ? "silent" : ""}><i class="lamp"></i><span>${name}</span>
			${toggle("mute", "M", mute.includes(voice))}${toggle("solo", "S", solo.includes(voice))}</li>`;
	}

	tools(now) {
		const { player, catalog } = store.state, rest = (catalog?.voices ?? []).filter((voice) => !this.rows.includes(voice));
		const bars = now.base.bars;
		return html`<div class="tools" role="toolbar" aria-label="Grid tools">
			${button("undo", "Undo", () => act("undo"), { keys: "U", disabled: !player.can_undo })}
			${button("redo", "Redo", () => act("redo"), { keys: "Shift+U", disabled: !player.can_redo })}
			<fieldset class="brushes"><legend class="sr">Brush</legend>${Object.keys(BRUSHES).map((name) => html`<label class=${name}>
				<input type="radio" name="brush" value=${name} .checked=${this.brush === name} @change=${() => this.put("brush", name)} /><span>${name}</span></label>`)}</fieldset>
			${choice("step", "Step", this.step, Object.keys(STEPS), (step) => this.put("step", step), "auto")}
			${choice("length", "Length", bars, [...new Set([...LENGTHS, bars])].sort((a, b) => a - b).map((n) => [n, n === 1 ? "1 bar" : `${n} bars`]), (n) => edit(now.take, [], Number(n)))}
			${choice("drum", "Add drum", "", rest.map((voice) => [voice, voiceName(voice)]), (voice) => this.put("extra", [...this.extra, voice]), "…")}
			${check("Follow", this.follow, (on) => this.put("follow", on))}
		</div>`;
	}

	render() {
		const now = this.now;
		if (!now) return nothing;
		return html`${this.tools(now)}
			<div class="board">
				<ul class="rows" aria-label="Drums">${this.rows.map((voice) => this.row(voice))}</ul>
				<div class="view" tabindex="0" role="application" aria-roledescription="drum grid" aria-label="Pattern grid, ${now.pattern.bars} bars of ${now.pattern.meter}"
					aria-describedby="grid-help grid-cell" @keydown=${this.keys} @scroll=${() => this.paint()} @focus=${() => this.focused(true)} @blur=${() => this.focused(false)}
					@pointerdown=${this.press} @pointermove=${this.drag} @pointerup=${this.release} @pointercancel=${this.release} @pointerleave=${() => ((this.hover = null), this.paint())}>
					<div class="roll"><canvas aria-hidden="true"></canvas><div class="playhead" hidden></div></div>
				</div>
			</div>
			<div class="overview" aria-hidden="true" hidden @click=${this.jump}><canvas></canvas><i></i></div>
			<p id="grid-help" class="hint">Click or press Enter to set a stroke, drag up and down for its strength. <kbd>1</kbd> ghost <kbd>2</kbd> normal <kbd>3</kbd> accent, <kbd>,</kbd> <kbd>.</kbd> earlier and later.</p>
			<p id="grid-cell" class="cell sr" aria-live="polite"></p>`;
	}
}
customElements.define("drum-grid", DrumGrid);
