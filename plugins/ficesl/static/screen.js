// [data-screen]: the code of the screen, asked again when its thirty seconds are over. One request for each step, no stream.
const board = document.querySelector("[data-screen]");
const AGAIN = 5000; // between two tries without a network

function plan() {
  const left = Number(board.querySelector("[data-left]")?.dataset.left ?? 30);
  setTimeout(refresh, left * 1000 + 300);
}

async function refresh() {
  try {
    const response = await fetch(board.dataset.screen, { headers: { "X-Fragment": "1" }, cache: "no-store", credentials: "same-origin", redirect: "manual" });
    if (response.ok) {
      const template = document.createElement("template");
      template.innerHTML = await response.text();
      board.replaceChildren(template.content);
      return plan();
    }
    // A locked session shows no code: the lock itself says so, and the page goes on once it is open again.
    document.dispatchEvent(new CustomEvent("arrimage:refused", { cancelable: true }));
  } catch {
    // an old code is worth nothing: better none than a wrong one
  }
  for (const stale of board.querySelectorAll("[data-code]")) stale.textContent = "…";
  for (const drawn of board.querySelectorAll(".qr")) drawn.replaceChildren();
  setTimeout(refresh, AGAIN);
}

plan();
