"use strict";
// The cells and choices of the check page are one form, which works without this. With it, Enter in a cell saves its row
// in place; rows that wait for the check of the whole file come in their place; and nothing takes away what was not saved.

// What was typed or chosen and not saved yet.
const isUnsaved = (field) => {
  if (field.type === "hidden") return false;
  if (field.type === "radio" || field.type === "checkbox") return field.checked !== field.defaultChecked;
  if (field.tagName !== "SELECT") return field.value !== field.defaultValue;
  return field.selectedIndex !== Math.max([...field.options].findIndex((option) => option.defaultSelected), 0);
};
const holdsUnsaved = (part) => [...part.querySelectorAll("input, select, textarea")].some(isUnsaved);

document.addEventListener("keydown", (event) => {
  const cell = event.target.closest("input[id^=cell-]");
  if (event.key !== "Enter" || event.isComposing || !cell) return;
  event.preventDefault();
  cell.closest(".entry").querySelector("button").click();
});

// A page with something that was not saved is not left without a question.
let saving = false;
document.getElementById("whole").addEventListener("submit", () => { saving = true; });
// After a back button the page may be as it was left.
addEventListener("pageshow", () => { saving = false; });
addEventListener("beforeunload", (event) => {
  if (!saving && holdsUnsaved(document.querySelector("main"))) event.preventDefault();
});

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
document.addEventListener("DOMContentLoaded", () => {
  const { row, field } = JSON.parse(sessionStorage.getItem(focusKey) || "{}");
  sessionStorage.removeItem(focusKey);
  const place = row && document.getElementById(row);
  const before = (field && document.getElementById(field)) || (place && toFocusIn(place));
  if (before) before.focus();
});
