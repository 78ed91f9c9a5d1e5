// One event stream per browser: HTTP/1.1 allows six connections to a site, and each open page would take one.
// The tab holding the lock owns the EventSource and repeats events to the others; the channel and the lock are named by
// the session, so two sessions never share a stream. Where locks or channels are missing, each page opens its own.

const BEAT = 10_000; // the leader says it is alive
const SILENCE = 25_000; // a follower that hears nothing opens its own stream
const WELCOME = 3_000; // the same, at the start
const SLACK = 2_000; // events this much older than a page's own start are repeated to it
const DEAD = 40_000; // the server beats every 15 s: no sign for this long means the line is cut, whatever the browser says
const KEPT = 300_000; // how long the leader remembers events, for pages that were loading meanwhile

/** Starts following. `onEvent({kind, ref})`; `onState("live" | "reconnecting" | "refused")`. Returns {close}. */
export function openStream({ mark, cursor, onEvent, onState }) {
  const shared = "locks" in navigator && "BroadcastChannel" in window;
  const channel = shared ? new BroadcastChannel(`arrimage-live-${mark}`) : null;
  const seen = new Set();
  let recent = [], position = cursor, source = null, leading = false, closed = false;
  let failures = 0, lastHeard = 0, lastSign = Date.now(), letGo = () => {}, retry = 0, state = "";

  function become(next) {
    if (leading) channel?.postMessage({ type: "state", state: next });
    if (next !== state) onState((state = next));
  }

  function deliver(event) {
    if (event.id && seen.has(event.id + event.kind + event.ref)) return;
    if (event.id) {
      seen.add(event.id + event.kind + event.ref);
      if (seen.size > 1000) seen.delete(seen.values().next().value);
      position = event.id;
    }
    onEvent({ kind: event.kind, ref: event.ref });
  }

  function connect() {
    clearTimeout(retry);
    source?.close();
    source = new EventSource(`/live?cursor=${encodeURIComponent(position)}`);
    lastSign = Date.now();
    source.onopen = () => {
      failures = 0;
      lastSign = Date.now();
      become("live");
    };
    source.addEventListener("beat", (message) => {
      lastSign = Date.now();
      if (message.lastEventId) position = message.lastEventId;
    });
    source.onmessage = (message) => {
      lastSign = Date.now();
      let data;
      try {
        data = JSON.parse(message.data);
      } catch {
        return;
      }
      const event = { type: "event", id: message.lastEventId, kind: String(data.kind), ref: String(data.ref ?? ""), at: Date.now() };
      if (leading) {
        recent = recent.filter((old) => event.at - old.at < KEPT);
        recent.push(event);
        channel.postMessage(event);
      }
      deliver(event);
    };
    source.onerror = () => {
      if (closed) return;
      if (source.readyState !== EventSource.CLOSED) {
        become("reconnecting");
        return;
      }
      // The server answered and refused (session ended, too many streams): the browser will not try again by itself.
      become("refused");
      failures += 1;
      retry = setTimeout(connect, Math.min(30_000, 1000 * 2 ** failures));
    };
  }

  function disconnect() {
    clearTimeout(retry);
    source?.close();
    source = null;
  }

  function heard(message) {
    if (closed) return;
    if (message.type === "hello" && leading) {
      channel.postMessage({ type: "welcome", to: message.from, state, events: recent.filter((event) => event.at >= message.since - SLACK) });
      return;
    }
    if (leading || message.type === "hello" || (message.type === "welcome" && message.to !== me)) return;
    lastHeard = Date.now();
    if (source) disconnect(); // a leader speaks again: our own stream is one too many
    if (message.type === "event") deliver(message);
    else if (message.state) become(message.state);
    for (const event of message.events ?? []) deliver(event);
  }

  const me = crypto.randomUUID?.() ?? String(Math.random());
  const watch = setInterval(() => {
    if (source && source.readyState === EventSource.OPEN && Date.now() - lastSign > DEAD) {
      become("reconnecting");
      connect();
    }
    if (leading) channel?.postMessage({ type: "beat", state });
    else if (shared && !source && Date.now() - lastHeard > SILENCE) connect();
  }, BEAT);

  if (!shared) connect();
  else {
    channel.onmessage = (message) => heard(message.data);
    channel.postMessage({ type: "hello", from: me, since: performance.timeOrigin });
    lastHeard = Date.now() - SILENCE + WELCOME;
    const first = setTimeout(() => {
      if (!leading && !source && Date.now() - lastHeard > SILENCE - WELCOME && state === "") connect();
    }, WELCOME);
    navigator.locks.request(`arrimage-live-${mark}`, () => {
      if (closed) return undefined;
      clearTimeout(first);
      leading = true;
      connect();
      return new Promise((resolve) => (letGo = resolve));
    });
  }

  return {
    close() {
      closed = true;
      clearInterval(watch);
      disconnect();
      channel?.close();
      letGo();
    },
    again(anyway = false) {
      if (source && (anyway || source.readyState === EventSource.CLOSED)) connect();
    },
  };
}
