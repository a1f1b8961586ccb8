"use strict";
// What plain pages cannot do: dropping a file, putting the focus on an error, saying progress aloud now and then,
// noticing that the server has gone, telling of the end of a run.

document.addEventListener("DOMContentLoaded", () => {
  const summary = document.querySelector("[data-focus]"), before = focusOfBefore();
  if (before) before.focus();
  else if (summary && !location.hash) summary.focus();

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
      for (const button of form.querySelectorAll("button")) setTimeout(() => { button.disabled = true; }, 0);
    });

  // A sentence that changes every two seconds would talk without end; it is read out twice a minute.
  const aloud = document.querySelector("[data-aloud]");
  if (aloud) setInterval(() => {
    const sentence = document.querySelector("[data-sentence]");
    if (sentence) aloud.textContent = sentence.textContent.trim();
  }, 30000);
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
  if (document.querySelector("main [hx-get]") || !document.querySelector("main input:not([type=hidden])")) location.reload();
}, 3000);

// What was typed or chosen and not saved yet.
const isUnsaved = (field) => {
  if (field.type === "hidden") return false;
  if (field.type === "radio" || field.type === "checkbox") return field.checked !== field.defaultChecked;
  if (field.tagName !== "SELECT") return field.value !== field.defaultValue;
  return field.selectedIndex !== Math.max([...field.options].findIndex((option) => option.defaultSelected), 0);
};
const holdsUnsaved = (part) => [...part.querySelectorAll("input, select, textarea")].some(isUnsaved);

// Only the answer to the Save of a row may take away what is typed in it. The cell or button that has the focus may be
// gone once its row is right; the focus stays in the row, and Tab goes on.
let asking = null, inUse = null;
const toFocusIn = (row) => {
  const next = row.querySelector("[aria-invalid]") || row.querySelector("th");
  if (next.matches("th")) next.tabIndex = -1;
  return next;
};
document.addEventListener("htmx:beforeOnLoad", (event) => { asking = event.detail.elt; });
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const row = event.detail.target, active = document.activeElement;
  if (!row.matches("tr[id]")) return;
  if (!row.contains(asking) && holdsUnsaved(row)) event.detail.shouldSwap = false;
  else if (row.contains(active)) inUse = { row: row.id, field: active.id };
});
document.addEventListener("htmx:oobAfterSwap", () => {
  const row = inUse && document.getElementById(inUse.row);
  if (!row || (document.activeElement && document.activeElement !== document.body)) return;
  (document.getElementById(inUse.field) || toFocusIn(row)).focus();
  inUse = null;
});

// A page that was opened while its file was being checked shows the rows of before. It is read again once that has
// ended and nothing unsaved is on it; the focus goes where it was.
const focusKey = `focus ${location.pathname}`;
let isOutdated = false;
const readAgain = () => {
  if (!isOutdated || holdsUnsaved(document.querySelector("main"))) return;
  isOutdated = false;
  const active = document.activeElement, row = active.closest("tr[id]");
  if (active.id || row) sessionStorage.setItem(focusKey, JSON.stringify({ row: row ? row.id : "", field: active.id }));
  location.reload();
};
document.addEventListener("check-ended", () => { isOutdated = true; readAgain(); });
for (const name of ["htmx:afterSettle", "input"]) document.addEventListener(name, readAgain);
const focusOfBefore = () => {
  const { row, field } = JSON.parse(sessionStorage.getItem(focusKey) || "{}");
  sessionStorage.removeItem(focusKey);
  const place = row && document.getElementById(row);
  return (field && document.getElementById(field)) || (place && toFocusIn(place));
};

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
addEventListener("pageshow", () => { for (const button of document.querySelectorAll("form[data-once] button")) button.disabled = false; });
