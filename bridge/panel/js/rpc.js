/* The socket: JSON-RPC with the daemon, found again by itself when lost. Keeps the clock lined up.
   Shows nothing and decides nothing; the token goes into the handshake only. */

import { ServerClock } from "./time.js";

const BACK_OFF_MS = [100, 250, 500, 1000, 2000, 3000];
const ANSWER_MS = 15000;
const PING_MS = 4000;
const FIRST_PINGS = 10;

export class RpcError extends Error {
	constructor({ code, message, data = {} }) {
		super(message);
		Object.assign(this, { number: code, code: data.code ?? "internal", hint: data.hint ?? "", field: data.field });
	}
}

/** Events: open, lost, denied, hello (detail: what it said), event (detail: {topic, rev, t, data, sub}). */
export class Link extends EventTarget {
	clock = new ServerClock();
	state = "connecting";
	#socket = null;
	#waiting = new Map();
	#subs = new Map();
	#next = 1;
	#tries = 0;
	#timers = [];
	#opened = false;

	constructor(url, token, make = (address, protocols) => new WebSocket(address, protocols)) {
		super();
		Object.assign(this, { url, token, make });
	}

	/** The server's monotonic seconds, now. */
	now() {
		return performance.now() / 1000 + this.clock.offset;
	}

	connect() {
		const socket = this.make(this.url, ["drumbridge.v1", `drumbridge.auth.${this.token}`]);
		this.#socket = socket;
		this.#opened = false;
		socket.onopen = () => (this.#opened = true);
		socket.onmessage = ({ data }) => socket === this.#socket && this.#hear(JSON.parse(data));
		socket.onclose = () => socket === this.#socket && this.#lost();
	}

	#lost() {
		this.#timers.forEach(clearInterval);
		for (const { reject } of this.#waiting.values()) reject(new RpcError({ message: "the connection was lost" }));
		this.#waiting.clear();
		// A handshake that never opens may be a wrong token or a daemon that is away; /healthz tells which.
		if (this.#opened || this.state !== "denied") this.#tell(this.#opened ? "lost" : "away");
		setTimeout(() => this.#again(), BACK_OFF_MS[Math.min(this.#tries++, BACK_OFF_MS.length - 1)]);
	}

	async #again() {
		if (!this.#opened) {
			const up = await fetch("/healthz").then((answer) => answer.ok || answer.status < 500, () => false);
			if (up && this.#tries > 1) this.#tell("denied");
		}
		this.connect();
	}

	#tell(state) {
		if (state === this.state) return;
		this.state = state;
		this.dispatchEvent(new CustomEvent("state", { detail: state }));
	}

	#hear(message) {
		if (message.method === "event") {
			this.dispatchEvent(new CustomEvent("event", { detail: message.params }));
		} else if (message.method === "hello") {
			this.#greet(message.params);
		} else {
			const waiting = this.#waiting.get(message.id);
			this.#waiting.delete(message.id);
			if (!waiting) return;
			clearTimeout(waiting.timer);
			if (message.error) waiting.reject(new RpcError(message.error));
			else waiting.resolve(message.result);
		}
	}

	#greet(hello) {
		this.#tries = 0;
		this.clock.reset();
		this.dispatchEvent(new CustomEvent("hello", { detail: hello }));
		for (const [sub, topics] of this.#subs) this.call("subscribe", { sub, topics }).catch(() => {});
		this.#tell("open");
		let left = FIRST_PINGS;
		const quick = setInterval(() => (left-- ? this.ping() : clearInterval(quick)), 40);
		this.#timers = [quick, setInterval(() => this.ping(), PING_MS)];
		this.ping();
	}

	async ping() {
		const sent = performance.now() / 1000;
		const answer = await this.call("ping").catch(() => null);
		if (answer) this.clock.add(sent, performance.now() / 1000, answer.t);
	}

	/** Ask; resolves to the result. Rejects with RpcError. */
	call(method, params = {}) {
		if (this.#socket?.readyState !== 1) return Promise.reject(new RpcError({ message: "drumbridge is not connected" }));
		const id = this.#next++;
		return new Promise((resolve, reject) => {
			const late = () => this.#waiting.delete(id) && reject(new RpcError({ message: `no answer to ${method}` }));
			const timer = setTimeout(late, params.timeout_s ? params.timeout_s * 1000 + ANSWER_MS : ANSWER_MS);
			this.#waiting.set(id, { resolve, reject, timer });
			this.#socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
		});
	}

	/** Hear topics under a name, now and after every reconnection. */
	subscribe(sub, topics) {
		this.#subs.set(sub, topics);
		if (this.state === "open") this.call("subscribe", { sub, topics }).catch(() => {});
	}

	unsubscribe(sub) {
		this.#subs.delete(sub);
		if (this.state === "open") this.call("unsubscribe", { sub }).catch(() => {});
	}
}
