"use strict";
// What plain pages cannot do: dropping a file, putting the focus on an error, saying progress aloud now and then,
// noticing that the server has gone, telling of the end of a run.

document.addEventListener("DOMContentLoaded", () => {
  const summary = document.querySelector("[data-focus]");
  if (summary && !location.hash) summary.focus();

  const drop = document.querySelector("[data-drop]");
  const zone = document.querySelector("[data-zone]");
  if (zone) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";

  // A file that is dropped beside the box would take the place of the page, and what was typed on it would be gone.
  const hasFiles = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");
  for (const name of ["dragenter", "dragover"])
    document.addEventListener(name, (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      if (drop) drop.classList.add("over"); else event.dataTransfer.dropEffect = "none";
    });
  document.addEventListener("dragleave", (event) => { if (drop && !event.relatedTarget) drop.classList.remove("over"); });
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    if (!drop) return;
    drop.classList.remove("over");
    send(event.dataTransfer.files);
  });

  const send = (files) => {
    if (!files.length) return;
    drop.querySelector("input[type=file]").files = files;
    drop.requestSubmit();
  };

  const paste = document.querySelector("[data-paste]");
  if (paste) document.addEventListener("paste", (event) => {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement) return;
    const text = event.clipboardData.getData("text/plain");
    // Spreadsheet programs put a picture of the cells beside their text.
    if (!/[\t\n]/.test(text)) { send(event.clipboardData.files); return; }
    event.preventDefault();
    paste.value = text;
    paste.closest("details").open = true;
    drop.querySelector("button.big").focus();
  });

  for (const select of document.querySelectorAll("select[data-samples]"))
    select.addEventListener("change", () => {
      const samples = document.querySelector(`template[data-column="${select.value}"]`);
      document.getElementById(select.dataset.samples).replaceChildren(...(samples ? samples.content.cloneNode(true).childNodes : []));
    });

  for (const form of document.querySelectorAll("form[data-once]"))
    form.addEventListener("submit", () => {
      for (const button of buttonsOf(form)) setTimeout(() => { button.disabled = true; }, 0);
    });

  // A sentence that changes every two seconds would talk without end; it is read out twice a minute.
  const aloud = document.querySelector("[data-aloud]");
  if (aloud) setInterval(() => {
    const sentence = document.querySelector("[data-sentence]");
    if (sentence) aloud.textContent = sentence.textContent.trim();
  }, 30000);
});

// A button may stand outside its form.
const buttonsOf = (form) => [...form.elements].filter((one) => one.matches("button"));

// What was typed or chosen and not saved yet.
const isUnsaved = (field) => {
  if (field.type === "hidden") return false;
  // Drawn with a choice that came by the address: what is saved is another one.
  if (field.dataset.saved !== undefined) return field.value !== field.dataset.saved;
  if (field.type === "radio" || field.type === "checkbox") return field.checked !== field.defaultChecked;
  if (field.tagName !== "SELECT") return field.value !== field.defaultValue;
  return field.selectedIndex !== Math.max([...field.options].findIndex((option) => option.defaultSelected), 0);
};
const holdsUnsaved = (part) => [...part.querySelectorAll("input, select, textarea")].some(isUnsaved);

// A page whose form says so is not left without a question while that holds something unsaved. A chosen file is none:
// it is sent at once, or still there.
let isSending = false;
document.addEventListener("submit", (event) => { isSending = event.target.matches("form[data-unsaved]"); });
addEventListener("pageshow", () => { isSending = false; });
addEventListener("beforeunload", (event) => {
  const fields = [...document.querySelectorAll("form[data-unsaved]")].flatMap((form) => [...form.elements]);
  const typed = fields.filter((field) => field.matches("input:not([type=file]), select, textarea"));
  if (!isSending && typed.some(isUnsaved)) event.preventDefault();
});

// Whether the server is there: it is asked by whoever looks at a page, and its silence is said in words.
const lost = () => document.querySelector("[data-lost]");
setInterval(async () => {
  if (document.visibilityState !== "visible" || !lost()) return;
  try {
    await fetch("/static/icon.svg", { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(10000) });
  } catch {
    lost().textContent = "Connection lost: the importer's page does not answer. Imports carry on without it. "
      + "If the page was closed on this computer, start it again. It comes back here by itself.";
    lost().hidden = false;
    return;
  }
  if (lost().hidden) return;
  lost().hidden = true;
  // A page that is only looked at is brought up to date; one with fields stays, and so does what was typed.
  const main = document.querySelector("main");
  if (holdsUnsaved(main)) return;
  if (main.querySelector("[hx-get]") || !main.querySelector("input:not([type=hidden])")) location.reload();
}, 3000);

// A page that asked for a sign-in goes on once this browser has one.
setInterval(async () => {
  if (!document.querySelector("[data-again]")) return;
  const answer = await fetch(location.href, { cache: "no-store" }).catch(() => null);
  if (answer && answer.ok) location.reload();
}, 3000);

// A notification at the end of a run: only if the person asked for it with the button, and for this run.
document.addEventListener("DOMContentLoaded", () => {
  const key = `tell ${location.pathname}`;
  const button = document.querySelector("[data-notify]");
  const able = "Notification" in window && isSecureContext && Notification.permission !== "denied";
  const asked = () => sessionStorage.getItem(key) && Notification.permission === "granted";
  const agree = () => { button.textContent = "You will be told when it is done"; button.disabled = true; };
  if (button && able) {
    button.hidden = false;
    if (asked()) agree();
    button.addEventListener("click", async () => {
      if (await Notification.requestPermission() !== "granted") { button.hidden = true; return; }
      sessionStorage.setItem(key, "yes");
      agree();
    });
  }
  if (able && asked() && document.querySelector("[data-done]")) {
    sessionStorage.removeItem(key);
    new Notification(document.querySelector("h1").textContent.trim(), { icon: "/static/icon.svg", tag: key });
  }
});

// After a back button the buttons of a form work again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-once]")) for (const button of buttonsOf(form)) button.disabled = false;
});
