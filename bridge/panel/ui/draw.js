/* Draws the visible part of the grid and the overview. Pure but for the canvas it is given; knows no state. */

import { loudness, meterOf } from "../js/pattern.js";

export const RULER = 20;
const FAMILY = [
	[/^kick/, "--kick"], [/^(snare|rim|clap|snap)/, "--snare"], [/^(hat|ride|crash|china|splash)/, "--metal"], [/./, "--skin"],
];
const colours = new Map();

/** Forget the theme's colours; they are read again at the next drawing. */
export const retheme = () => colours.clear();

export function colour(name) {
	if (!colours.has(name)) colours.set(name, getComputedStyle(document.documentElement).getPropertyValue(name).trim());
	return colours.get(name);
}

const familyOf = (voice) => colour(FAMILY.find(([test]) => test.test(voice))[1]);

/** Make a canvas as sharp as the screen; returns its context in CSS pixels, cleared. */
export function fresh(canvas, width, height) {
	const ratio = devicePixelRatio || 1;
	const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
	if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
	canvas.style.width = `${width}px`;
	canvas.style.height = `${height}px`;
	const pen = canvas.getContext("2d");
	pen.setTransform(ratio, 0, 0, ratio, 0, 0);
	pen.clearRect(0, 0, width, height);
	return pen;
}

/** Beat boundaries of the whole pattern: [{tick, bar, beat}]. */
export function beatsOf(pattern) {
	const { barTicks, beats } = meterOf(pattern);
	const out = [];
	for (let bar = 0; bar < pattern.bars; bar += 1) {
		let tick = bar * barTicks;
		beats.forEach((length, beat) => {
			out.push({ tick, bar: bar + 1, beat: beat + 1, length });
			tick += length;
		});
	}
	return out;
}

function drawLines(pen, { pattern, step, stepW, rows, rowH, left, width }) {
	const height = RULER + rows.length * rowH;
	const x = (tick) => (tick / step) * stepW - left;
	pen.font = "12.6px system-ui, sans-serif";
	pen.textBaseline = "middle";
	for (const { tick, bar, beat, length } of beatsOf(pattern)) {
		const at = x(tick);
		if (at > width || x(tick + length) < 0) continue;
		if (beat % 2) {
			pen.fillStyle = colour("--stripe");
			pen.fillRect(at, RULER, x(tick + length) - at, height - RULER);
		}
		pen.fillStyle = colour("--line");
		for (let t = step; t < length; t += step) pen.fillRect(Math.round(x(tick + t)), RULER, 1, height - RULER);
		pen.fillStyle = colour(beat === 1 ? "--line-bar" : "--line-beat");
		pen.fillRect(Math.round(at), beat === 1 ? 0 : RULER - 6, beat === 1 ? 2 : 1, height);
		pen.fillStyle = colour("--dim");
		if (beat === 1) pen.fillText(String(bar), at + 6, RULER / 2);
		else if (stepW * (length / step) > 44) pen.fillText(`${bar}.${beat}`, at + 5, RULER / 2);
	}
	pen.fillStyle = colour("--line");
	rows.forEach((_, index) => pen.fillRect(0, RULER + (index + 1) * rowH - 1, width, 1));
}

/** A fill's place: dashed while it waits. */
function drawFill(pen, { from, to, sounding, name }, { step, stepW, left }, height) {
	const x = (from / step) * stepW - left, w = ((to - from) / step) * stepW;
	pen.strokeStyle = pen.fillStyle = colour("--next");
	pen.lineWidth = 2;
	pen.setLineDash(sounding ? [] : [6, 4]);
	pen.strokeRect(x + 1, RULER + 1, w - 2, height - RULER - 2);
	pen.setLineDash([]);
	pen.fillText(name, x + 30, RULER / 2);
}

function drawHit(pen, hit, x, bottom, { stepW, rowH }, faint) {
	const kind = loudness(hit.velocity);
	const w = Math.max(4, Math.min(stepW * 0.62, 14));
	const h = 4 + (rowH - 9) * (hit.velocity / 127);
	pen.globalAlpha = faint ? 0.3 : 1;
	pen.fillStyle = pen.strokeStyle = familyOf(hit.voice);
	if (kind === "ghost") {
		pen.lineWidth = 1.5;
		pen.strokeRect(x + 0.75, bottom - h + 0.75, w - 1.5, h - 1.5);
	} else {
		pen.globalAlpha *= kind === "accent" ? 1 : 0.72;
		pen.fillRect(x, bottom - h, w, h);
		if (kind === "accent") pen.fillRect(x - 2, bottom - h - 3, w + 4, 2);
	}
	pen.globalAlpha = 1;
}

/** Draw what is visible: lines, strokes with height as velocity and place as played, and the cursor. */
export function drawGrid(canvas, scene) {
	const { rows, step, stepW, rowH, left, width, silent, cursor, hover } = scene;
	const height = RULER + rows.length * rowH;
	const pen = fresh(canvas, width, height);
	drawLines(pen, scene);
	const index = new Map(rows.map((voice, row) => [voice, row]));
	for (const hit of scene.hits) {
		const row = index.get(hit.voice);
		const grid = (hit.tick / step) * stepW - left + 2;
		const x = ((hit.tick + (hit.shift ?? 0)) / step) * stepW - left + 2;
		if (row === undefined || x < -40 || x > width + 40) continue;
		const bottom = RULER + (row + 1) * rowH - 2;
		drawHit(pen, hit, x, bottom, scene, hit.out || silent(hit.voice));
		if (hit.shift) {
			pen.fillStyle = colour("--dim");
			pen.fillRect(Math.min(grid, x), bottom, Math.abs(x - grid) + 1, 1.5);
		}
	}
	scene.fills.forEach((fill) => drawFill(pen, fill, scene, height));
	for (const [cell, name, line] of [[hover, "--dim", 1], [cursor, "--focus", 2]]) {
		if (!cell) continue;
		pen.strokeStyle = colour(name);
		pen.lineWidth = line;
		pen.strokeRect((cell.tick / step) * stepW - left + 1.5, RULER + cell.row * rowH + 1.5, stepW - 3, rowH - 4);
	}
}

/** Draw the whole pattern small, with the part that is in view. */
export function drawOverview(canvas, { pattern, rows, step, stepW, left, width: view, small: width }) {
	const height = 34;
	const pen = fresh(canvas, width, height);
	const { barTicks } = meterOf(pattern);
	const ticks = pattern.bars * barTicks;
	pen.fillStyle = colour("--line-beat");
	for (let bar = 0; bar <= pattern.bars; bar += 1) pen.fillRect(Math.round((bar / pattern.bars) * (width - 1)), 0, 1, height);
	const index = new Map(rows.map((voice, row) => [voice, row]));
	for (const hit of pattern.hits) {
		pen.fillStyle = familyOf(hit.voice);
		pen.fillRect((hit.tick / ticks) * width, 3 + ((index.get(hit.voice) ?? 0) / rows.length) * (height - 6), 2, 2);
	}
	const total = (ticks / step) * stepW;
	pen.strokeStyle = colour("--focus");
	pen.lineWidth = 2;
	pen.strokeRect((left / total) * width + 1, 1, Math.min(1, view / total) * width - 2, height - 2);
}
