// form[data-sheet]: a sheet of presences that a lost connection never empties. Each mark is kept on the device until the
// server has answered for it, under identifiers alone, and sent as often as needed with the key that makes it one act.
import { announce } from "../js/words.js";

const form = document.querySelector("form[data-sheet]");
const WAITS = [2, 4, 8, 15, 30]; // seconds
const BATCH = 50;
const OLD = 30 * 86_400_000;
const status = form.querySelector("[data-sheet-status]");
const place = `arrimage.sheet.${form.dataset.sheet}`;
const rows = new Map([...form.querySelectorAll("[data-learner]")].map((row) => [row.dataset.learner, row]));
const marks = new Map(Object.entries(load()));
let sending = false, failures = 0, timer = 0;

/** What an earlier page could not send; marks of a month ago are nobody's any more. */
function load() {
  try {
    const kept = JSON.parse(localStorage.getItem(place) ?? "{}");
    return Object.fromEntries(Object.entries(kept).filter(([id, mark]) => rows.has(id) && Date.now() - mark.at < OLD));
  } catch {
    return {};
  }
}

function keep() {
  try {
    if (marks.size) localStorage.setItem(place, JSON.stringify(Object.fromEntries(marks)));
    else localStorage.removeItem(place);
  } catch {
    // no storage: marks stay on this page, which says so
  }
}

function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function field(row, prefix) {
  return row.querySelector(`select[name^="${prefix}."]`);
}

function read(row) {
  const state = row.querySelector("input[type=radio]:checked")?.value ?? "";
  return { s: state, l: field(row, "l")?.value ?? "", e: field(row, "e")?.value ?? "" };
}

function write(row, mark) {
  for (const radio of row.querySelectorAll("input[type=radio]")) radio.checked = radio.value === mark.s;
  for (const [name, value] of [["l", mark.l], ["e", mark.e]]) {
    const select = field(row, name);
    if (!select) continue;
    if (value && ![...select.options].some((option) => option.value === String(value))) select.add(new Option(`${value} min`, value));
    select.value = value ? String(value) : "";
  }
}

function say(row, text) {
  row.querySelector("[data-said]").textContent = text;
}

/** Said in words: how many marks only this device has. */
function tell(state = "") {
  const n = marks.size;
  const words = form.dataset;
  const text = !n ? words.allSent : words[state === "offline" ? "offline" : state === "locked" ? "locked" : "sending"].replace("%(n)s", n);
  status.dataset.state = n ? state : "";
  if (status.textContent !== text) status.textContent = text;
  for (const [id, row] of rows) row.toggleAttribute("data-unsent", marks.has(id));
  counts();
}

function counts() {
  const states = [...rows.values()].map((row) => row.querySelector("input[type=radio]:checked")?.value);
  const there = states.filter((one) => one === "present").length;
  const text = form.dataset.counts.replace("%(there)s", there).replace("%(all)s", rows.size);
  form.querySelector("[data-sheet-counts]").textContent = text;
}

function mark(row) {
  const now = read(row);
  if (!now.s && (now.l || now.e)) {
    now.s = "present";
    write(row, now);
  }
  if (!now.s) return;
  const known = marks.get(row.dataset.learner);
  marks.set(row.dataset.learner, { ...now, k: newKey(), v: known?.v ?? row.dataset.key, at: Date.now() });
  row.removeAttribute("data-problem");
  say(row, "");
  keep();
  tell(failures ? "offline" : "");
  plan(failures ? WAITS[Math.min(failures, WAITS.length) - 1] * 1000 : 400);
}

function plan(wait) {
  clearTimeout(timer);
  if (marks.size) timer = setTimeout(send, wait);
}

function body(batch) {
  const fields = new URLSearchParams({ _csrf: form.querySelector("input[name=_csrf]").value, _intent: "json" });
  for (const [id, one] of batch) for (const name of ["s", "l", "e", "k", "v"]) fields.set(`${name}.${id}`, one[name] ?? "");
  return fields;
}

async function send() {
  clearTimeout(timer);
  if (sending || !marks.size) return;
  sending = true;
  const batch = [...marks].slice(0, BATCH);
  let state = "";
  try {
    const response = await fetch(form.action, { method: "POST", body: body(batch), credentials: "same-origin", redirect: "manual" });
    const type = response.headers.get("content-type") ?? "";
    if (response.type === "opaqueredirect" || [401, 403].includes(response.status)) state = "locked";
    else if (!type.startsWith("application/json")) state = "offline";
    else take(batch, await response.json());
  } catch {
    state = "offline";
  } finally {
    sending = false;
  }
  failures = state ? failures + 1 : 0;
  keep();
  tell(state);
  plan(state ? WAITS[Math.min(failures, WAITS.length) - 1] * 1000 : 0);
}

/** Takes the server's word for each mark of the batch, unless the person has marked again meanwhile. */
function take(batch, told) {
  if (told.refused) announce(told.refused);
  for (const [id, one] of batch) {
    const row = rows.get(id), kept = told.kept?.[id], problem = told.problems?.[id];
    if (kept) row.dataset.key = kept.key;
    else if (problem?.there) row.dataset.key = problem.key;
    const current = marks.get(id);
    if (current?.k !== one.k) {
      if (current) current.v = row.dataset.key;
      continue;
    }
    marks.delete(id);
    if (kept) say(row, form.dataset.minutes.replace("%(n)s", kept.minutes));
    else {
      const text = problem?.message ?? told.refused ?? "";
      if (problem?.there) write(row, { s: problem.there.p ? "present" : "absent", l: problem.there.l || "", e: problem.there.e || "" });
      row.setAttribute("data-problem", "");
      say(row, text);
      announce(text);
    }
  }
}

/** Marked by hand while this script was on its way. */
function touched(row) {
  const given = (select) => [...select.options].find((option) => option.defaultSelected)?.value ?? "";
  return [...row.querySelectorAll("input[type=radio]")].some((radio) => radio.checked !== radio.defaultChecked)
    || [...row.querySelectorAll("select")].some((select) => select.value !== given(select));
}

const early = [...rows.values()].filter(touched);
for (const [id, one] of marks) if (!early.includes(rows.get(id))) write(rows.get(id), one);
form.addEventListener("change", (event) => {
  const row = event.target.closest("[data-learner]");
  if (row) mark(row);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.submitter?.name === "all") {
    for (const row of rows.values()) {
      if (read(row).s) continue;
      write(row, { s: "present", l: "", e: "" });
      mark(row);
    }
  }
  send();
});
for (const plain of form.querySelectorAll("[data-plain]")) plain.hidden = true;
window.addEventListener("online", send);
window.addEventListener("focus", () => failures && send());
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && send());
document.addEventListener("arrimage:keep", (event) => event.detail.push(send()));
tell();
early.forEach(mark);
send();
