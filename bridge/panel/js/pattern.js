/* Patterns as the grid needs them: metres, steps, rows, cells and words. Pure; a pattern is never changed, only copied. */

export const QUARTER = 960;
export const GHOST = 38, NORMAL = 88, ACCENT = 118;
export const STEPS = { "1/8": 480, "1/8T": 320, "1/16": 240, "1/16T": 160, "1/32": 120 };
const TOP_DOWN = [
	"crash", "crash2", "china", "splash", "ride", "ride_bell", "hat_open", "hat_closed", "hat_pedal", "tom_high", "tom_mid",
	"tom_low", "tom_floor", "clap", "rim", "snare", "kick",
];
const ALWAYS = ["crash", "ride", "hat_open", "hat_closed", "snare", "kick"];

/** {barTicks, beats}: lengths as felt; 6/8 is two beats, 7/8 is 2+2+3 unless the pattern groups it otherwise. */
export function meterOf(pattern) {
	const [n, d] = pattern.meter.split("/").map(Number);
	const unit = (QUARTER * 4) / d;
	let beats = Array(n).fill(unit);
	if (pattern.groups?.length) beats = pattern.groups.map((g) => g * unit);
	else if (d >= 8 && n % 3 === 0 && n > 3) beats = Array(n / 3).fill(3 * unit);
	else if (d >= 8 && n > 4) {
		beats = Array(Math.floor((n - (n % 2 ? 3 : 0)) / 2)).fill(2 * unit);
		if (n % 2) beats.push(3 * unit);
	}
	return { barTicks: n * unit, beats };
}

export const lengthOf = (pattern) => pattern.bars * meterOf(pattern).barTicks;

/** The coarsest step that most strokes lie on; straight before triplets. */
export function naturalStep(pattern) {
	const fits = (step) => pattern.hits.filter((hit) => hit.tick % step === 0).length;
	const most = pattern.hits.length * 0.85;
	return [240, 320, 160, 120].find((step) => fits(step) >= most) ?? 120;
}

/** Voices to draw, cymbals on top, kick at the bottom: what the pattern plays, the usual ones, and those asked for. */
export function rowsOf(pattern, extra = []) {
	const used = new Set([...pattern.hits.map((hit) => hit.voice), ...ALWAYS, ...extra]);
	return [...[...used].filter((voice) => !TOP_DOWN.includes(voice)), ...TOP_DOWN.filter((voice) => used.has(voice))];
}

/** The strokes of a voice within one step, the nearest to its line first. */
export function cellHits(pattern, voice, tick, step) {
	const low = tick - step / 2, high = tick + step / 2;
	return pattern.hits
		.filter((hit) => hit.voice === voice && hit.tick >= low && hit.tick < high)
		.sort((a, b) => Math.abs(a.tick - tick) - Math.abs(b.tick - tick));
}

/** The pattern with edits applied as the server will: each names a cell (tick, voice); velocity 0 removes. */
export function withEdits(pattern, edits) {
	if (!edits.length) return pattern;
	const wanted = new Map(edits.map((edit) => [`${edit.tick} ${edit.voice}`, edit]));
	const old = new Map();
	const hits = pattern.hits.filter((hit) => {
		const key = `${hit.tick} ${hit.voice}`;
		if (wanted.has(key)) old.set(key, hit);
		return !wanted.has(key);
	});
	for (const [key, edit] of wanted) {
		if (edit.velocity) hits.push({ ...old.get(key), ...edit, shift: edit.shift ?? old.get(key)?.shift ?? 0 });
	}
	return { ...pattern, hits };
}

/** What stands in for the groove, in a word: fill, break, hold, build. */
export const kindOf = ({ name }) => name?.split(",")[0].slice(0, 16) || "fill";

/** Where fills lie in a looping pattern: [{from, to, hits, sounding, name}]; of one longer than the loop, the part in the
    round of song tick `now`, or in its first while it waits. One behind a switch lies in another groove. */
export function fillsIn(pattern, { filling, queued, origin = 0 }, now = 0) {
	const long = lengthOf(pattern), waiting = queued.filter((item) => item.once && !queued.some((other) => !other.once && other.tick <= item.tick));
	return [...(filling ? [filling] : []), ...waiting].map((item) => {
		const round = origin + Math.floor((Math.max(item.tick, now) - origin) / long) * long, at = item.origin - round;
		const from = Math.max(0, item.tick - round);
		const to = Math.min(long, at + (item.end ? item.end - item.origin : lengthOf(item.pattern)));
		const hits = item.pattern.hits.map((hit) => ({ ...hit, tick: hit.tick + at })).filter(({ tick }) => tick >= from && tick < to);
		return { from, to, hits, sounding: item === filling, name: kindOf(item.pattern) };
	});
}

/** A pattern's strokes as they are heard: under a fill that sounds they are `out`, and the fill's stand there. */
export function heardWith(hits, fills) {
	const now = fills.filter((fill) => fill.sounding);
	if (!now.length) return hits;
	return [...hits.map((hit) => (now.some(({ from, to }) => hit.tick >= from && hit.tick < to) ? { ...hit, out: true } : hit)), ...now.flatMap((fill) => fill.hits)];
}

/** ghost, normal or accent: the three loudnesses that are drawn and said differently. */
export const loudness = (velocity) => (velocity < 52 ? "ghost" : velocity < 106 ? "normal" : "accent");

/** A voice's name as people say it. */
export const voiceName = (voice) => voice.replaceAll("_", " ");

/** Bar, beat and step of a tick in a pattern, from 1, as words. */
export function whereIs(pattern, tick, step) {
	const { barTicks, beats } = meterOf(pattern);
	const bar = Math.floor(tick / barTicks) + 1;
	let left = tick % barTicks, beat = 0;
	while (beat < beats.length - 1 && left >= beats[beat]) left -= beats[beat++];
	const inside = Math.round(left / step);
	return `bar ${bar} beat ${beat + 1}${inside ? `, step ${inside + 1}` : ""}`;
}

/** What a pattern is called when it has no name. */
export function titleOf(pattern) {
	if (!pattern) return "Nothing";
	const { genre, style } = pattern.meta ?? {};
	return pattern.name || [genre, style].filter(Boolean).join(" · ") || pattern.id;
}
