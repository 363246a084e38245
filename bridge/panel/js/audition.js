/* Hearing it in the browser: each note that the engine sends, struck here a constant moment later.
   The moment grows when the connection stutters, so that timing is kept; silent once something listens on the port. */

import { strike } from "./drums.js";

const LEAST_S = 0.04, MOST_S = 0.35, MARGIN_S = 0.012;
const CHOKES = { hat_closed: true, hat_pedal: true };

export class Audition extends EventTarget {
  on = false;
  delay = LEAST_S;
  #context = null;
  #offset = -Infinity; // audio seconds less our own; currentTime moves in blocks, the largest difference is the truest
  #since = 0;
  #hat = null;

  constructor(store) {
    super();
    this.store = store;
    store.addEventListener("note", ({ detail }) => this.#note(detail));
    store.addEventListener("change", ({ detail }) => detail === "midi" && this.#look());
  }

  /** Whether a synth listens on the port: then the browser is silent, unless asked by hand. */
  get heardElsewhere() {
    return (this.store.state.midi.connections?.out?.length ?? 0) > 0;
  }

  /** Milliseconds from a note's due time to its sound here, or null while off. */
  get latencyMs() {
    if (!this.on || !this.#context) return null;
    return (this.delay + (this.#context.baseLatency ?? 0) + (this.#context.outputLatency ?? 0)) * 1000;
  }

  /** Switch on, from a click or key (browsers ask for one); `byHand` overrules a connected synth. */
  async start(byHand = true) {
    if (this.on || (this.heardElsewhere && !byHand) || !globalThis.AudioContext) return;
    this.#context ??= new AudioContext({ latencyHint: "interactive" });
    this.on = true;
    this.byHand = byHand;
    this.store.link.subscribe("ears", ["notes"]);
    this.dispatchEvent(new Event("change"));
    await this.#context.resume();
  }

  stop() {
    if (!this.on) return;
    this.on = false;
    this.store.link.unsubscribe("ears");
    this.#context.suspend();
    this.dispatchEvent(new Event("change"));
  }

  #look() {
    if (this.on && !this.byHand && this.heardElsewhere) this.stop();
  }

  #note(note) {
    const context = this.#context;
    if (!this.on || !note.voice || context.state !== "running") return;
    const here = performance.now() / 1000;
    if (here - this.#since > 10) (this.#offset = -Infinity), (this.#since = here);
    this.#offset = Math.max(this.#offset, context.currentTime - here);
    const late = this.store.link.now() - note.due;
    if (late > 2) return; // a burst after a stall is no music
    this.delay = Math.min(MOST_S, Math.max(LEAST_S, this.delay * 0.999, late + MARGIN_S));
    const at = Math.max(context.currentTime, note.due - this.store.link.clock.offset + this.#offset + this.delay);
    if (CHOKES[note.voice] && this.#hat) this.#hat.gain.setTargetAtTime(0, at, 0.01);
    const gain = strike(context, context.destination, note.voice, note.velocity, at);
    if (note.voice.startsWith("hat_")) this.#hat = gain;
  }
}
