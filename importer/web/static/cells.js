"use strict";
// The cells and choices of the check page are one form, which works without this. With it, Enter in a cell saves its row
// in place; rows that wait for the check of the whole file come in their place; and nothing takes away what was not saved.

document.addEventListener("keydown", (event) => {
  const cell = event.target.closest("input[id^=cell-]");
  if (event.key !== "Enter" || event.isComposing || !cell) return;
  event.preventDefault();
  cell.closest(".entry").querySelector("button").click();
});

// A page with something that was not saved is not left without a question.
let saving = false;
// The answer to a form would take the place of the page, and be that one has to sign in: after a restart, for example.
const whole = document.getElementById("whole");
whole.addEventListener("submit", async (event) => {
  if (saving) return;
  if (!holdsUnsaved(document.querySelector("main"))) { saving = true; return; }
  event.preventDefault();
  const answer = await fetch(new URL("standing", whole.action), { cache: "no-store" }).catch(() => null);
  if (saving) return;  // pressed twice
  notSaved()?.remove();
  if (answer && answer.status !== 401) {
    saving = true;
    whole.requestSubmit(event.submitter);
    return;
  }
  sayNotSaved(answer ? answer.status : 0, event.submitter.parentElement);
});
const notSaved = () => document.getElementById("unsaved");
const sayNotSaved = (status, place) => {
  notSaved()?.remove();
  const words = document.createElement("p");
  Object.assign(words, { id: "unsaved", className: "note bad" });
  words.setAttribute("role", "alert");
  const why = { 0: "the importer's page does not answer. Press the button again once it does.",
    401: "this page is no longer signed in. Open the importer in another tab as you did at first, then press the button "
      + "here again. What you typed stays here." };
  words.textContent = `Nothing was saved, because ${why[status] || "of an unexpected error. Press the button again."}`;
  place.append(words);
};
// After a back button the page may be as it was left.
addEventListener("pageshow", () => { saving = false; });
addEventListener("beforeunload", (event) => {
  if (!saving && holdsUnsaved(document.querySelector("main"))) event.preventDefault();
});

// Only the answer to the Save of a row may take away what is typed in it. The cell or button that has the focus may be
// gone once its row is right; the focus stays in the row, and Tab goes on.
let asking = null, inUse = null, typedSince = [];
const posted = new Map();
const cellsOf = (row) => [...row.querySelectorAll("[id^=cell-]")];
document.addEventListener("htmx:beforeRequest", (event) => {
  const row = event.detail.elt.closest("tr[id]");
  if (row) posted.set(row.id, new Map(cellsOf(row).map((cell) => [cell.id, cell.value])));
});
const failed = (event) => {
  const { elt, xhr } = event.detail, row = elt.closest("tr[id]");
  if (row) sayNotSaved(xhr.status, elt.closest("td, th"));
};
for (const name of ["htmx:sendError", "htmx:responseError"]) document.addEventListener(name, failed);
const toFocusIn = (row) => {
  const next = row.querySelector("[aria-invalid]") || row.querySelector("th");
  if (next.matches("th")) next.tabIndex = -1;
  return next;
};
document.addEventListener("htmx:beforeOnLoad", (event) => {
  asking = event.detail.elt;
  const row = asking.closest("tr[id]");
  // Its answer would load the page anew, and what was typed would be gone.
  if (event.detail.xhr.status === 401 && holdsUnsaved(document.querySelector("main"))) { event.preventDefault(); failed(event); }
  else if (row && row.contains(notSaved())) notSaved().remove();
});
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const row = event.detail.target, active = document.activeElement;
  if (!row.matches("tr[id]")) return;
  if (!row.contains(asking) && holdsUnsaved(row)) { event.detail.shouldSwap = false; return; }
  if (row.contains(active)) inUse = { row: row.id, field: active.id };
  // What was typed while the row was on its way is not in its answer.
  const before = row.contains(asking) ? posted.get(row.id) : null;
  typedSince = before ? cellsOf(row).filter((cell) => before.has(cell.id) && cell.value !== before.get(cell.id)).map((cell) => ({
    id: cell.id, value: cell.value, entry: cell.closest(".entry").cloneNode(true), row: row.id, place: cell.closest("td, th").cellIndex,
  })) : [];
});
document.addEventListener("htmx:oobAfterSwap", () => {
  for (const { id, value, entry, row, place } of typedSince) {
    if (!document.getElementById(id)) {
      // The cell is right by now and is no field any more. Its text is this person's own, so nobody else's is replaced.
      entry.querySelector("[name^=shown-]").remove();
      document.getElementById(row).cells[place].replaceChildren(entry);
      htmx.process(entry);
    }
    document.getElementById(id).value = value;
  }
  typedSince = [];
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
document.addEventListener("DOMContentLoaded", () => {
  const { row, field } = JSON.parse(sessionStorage.getItem(focusKey) || "{}");
  sessionStorage.removeItem(focusKey);
  const place = row && document.getElementById(row);
  const before = (field && document.getElementById(field)) || (place && toFocusIn(place));
  if (before) before.focus();
});
