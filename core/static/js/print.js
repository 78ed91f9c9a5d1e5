// Buttons that print, shown only because we run. "safe" prints without what names the kind of service.

for (const button of document.querySelectorAll("[data-print]")) button.hidden = false;

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[data-print]");
  if (!button) return;
  document.documentElement.dataset.print = button.dataset.print;
  window.print();
});
window.addEventListener("beforeprint", () => document.querySelectorAll("details:not([open])").forEach((details) => {
  details.open = true;
  details.dataset.opened = "";
}));
window.addEventListener("afterprint", () => {
  delete document.documentElement.dataset.print;
  for (const details of document.querySelectorAll("details[data-opened]")) {
    details.open = false;
    delete details.dataset.opened;
  }
});
