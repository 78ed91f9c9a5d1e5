// A heavy report: the page is already there and says that it counts; the figures come when they are ready.
const place = document.querySelector("[data-report]");
const fill = async () => {
  const answer = await fetch(place.dataset.report, { headers: { "X-Fragment": "1" }, credentials: "same-origin" });
  if (!answer.ok) throw new Error(String(answer.status));
  const heading = place.querySelector("h1");
  const box = document.createElement("div");
  box.className = "stack";
  box.innerHTML = await answer.text();
  place.replaceChildren(heading, ...box.childNodes);
};
// The link in the page stays the way when this one fails.
fill().catch(() => place.querySelector("progress")?.remove());
