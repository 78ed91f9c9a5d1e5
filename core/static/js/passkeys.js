// form[data-passkey="/options"]: asks what the passkey must sign, has the device sign it, puts the answer in the form's
// field « passkey » and sends the form. Pages work without: another factor is always there.

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function readable(options) {
  const named = (list = []) => list.map((one) => ({ ...one, id: bytes(one.id) }));
  const read = { ...options, challenge: bytes(options.challenge) };
  if (options.user) read.user = { ...options.user, id: bytes(options.user.id) };
  if (options.excludeCredentials) read.excludeCredentials = named(options.excludeCredentials);
  if (options.allowCredentials) read.allowCredentials = named(options.allowCredentials);
  return read;
}

function written({ id, rawId, type, authenticatorAttachment, response }) {
  const answer = { clientDataJSON: text(response.clientDataJSON) };
  if (response.attestationObject) {
    answer.attestationObject = text(response.attestationObject);
    answer.transports = response.getTransports?.() ?? [];
  } else {
    answer.authenticatorData = text(response.authenticatorData);
    answer.signature = text(response.signature);
    if (response.userHandle) answer.userHandle = text(response.userHandle);
  }
  return JSON.stringify({ id, rawId: text(rawId), type, authenticatorAttachment, clientExtensionResults: {}, response: answer });
}

async function ask(form) {
  const body = new URLSearchParams({ _csrf: form.elements._csrf.value });
  const response = await fetch(form.dataset.passkey, { method: "POST", body, credentials: "same-origin" });
  if (!response.ok || response.redirected) throw new Error("refused");
  const publicKey = readable(await response.json());
  return publicKey.user ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey });
}

function prepare(root = document) {
  if (!window.PublicKeyCredential) return;
  for (const button of root.querySelectorAll("form[data-passkey] [data-passkey-button]")) button.disabled = false;
}

prepare();
document.addEventListener("arrimage:updated", () => prepare());
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-passkey-button]");
  const form = button?.form ?? button?.closest("form");
  if (!form?.dataset.passkey || button.getAttribute("aria-busy") === "true") return;
  const status = form.querySelector("[data-passkey-status]");
  button.setAttribute("aria-busy", "true");
  if (status) status.textContent = "";
  try {
    const made = await ask(form);
    if (!made) throw new Error("nothing");
    form.elements.passkey.value = written(made);
    form.requestSubmit();
  } catch {
    form.elements.passkey.value = "";
    if (status) status.textContent = form.dataset.passkeyFailed;
  } finally {
    button.removeAttribute("aria-busy");
  }
});
