// The code of a scanned address stands after its #, which no server receives: it goes into the form, then out of the bar.
const code = /^#(\d{6})$/.exec(window.location.hash)?.[1];
const input = document.querySelector("[data-scanned-code]");
if (code && input) {
  input.value = code;
  history.replaceState(null, "", window.location.pathname + window.location.search);
  const next = [...document.querySelectorAll("main form input:not([type=hidden])")].find((field) => !field.value);
  (next ?? input).focus();
}
