// Steps of a quarter hour or an hour beside the two boxes of a duration, which do without.
for (const group of document.querySelectorAll("[data-stepper]")) {
  const hours = group.querySelector("[name=hours]"), minutes = group.querySelector("[name=minutes]");
  group.querySelector(".actions").hidden = false;
  group.addEventListener("click", (event) => {
    const step = Number(event.target.closest("[data-step]")?.dataset.step ?? 0);
    const typed = hours.value.trim();
    if (!step || !/^\d*$/.test(typed)) return; // 1,5 or 2:30 is the person's own writing
    const total = Math.max(0, Number(typed) * 60 + Number(minutes.value) + step);
    hours.value = String(Math.floor(total / 60));
    minutes.value = total % 60 ? String(total % 60) : "";
  });
}
