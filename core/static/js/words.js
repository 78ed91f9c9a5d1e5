// The words scripts say, translated by the server in #words, and the one place they are spoken from.

const table = document.getElementById("words")?.dataset ?? {};

/** The sentence named `key` (camelCase of the data attribute), its %(name)s places filled. */
export function word(key, values = {}) {
  return (table[key] ?? key).replace(/%\((\w+)\)s/g, (_, name) => values[name] ?? "");
}

/** Said once by assistive technologies, without moving the focus. */
export function announce(text) {
  const place = document.getElementById("announcer");
  if (!place) return;
  place.textContent = "";
  setTimeout(() => (place.textContent = text), 60);
}

/** « 14 h 32 » or “2:32 p.m.”: the hour of the person's own device. */
export function hour(date = new Date()) {
  const minutes = String(date.getMinutes()).padStart(2, "0");
  if (document.documentElement.lang.startsWith("en")) {
    return `${date.getHours() % 12 || 12}:${minutes}\u00a0${date.getHours() < 12 ? "a.m." : "p.m."}`;
  }
  return `${date.getHours()}\u00a0h\u00a0${minutes}`;
}

/** An element with a text, made without ever parsing HTML. */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}
