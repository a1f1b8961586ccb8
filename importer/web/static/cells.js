"use strict";
// The cells and choices of the check page are one form, which works without this. With it, Enter in a cell saves its row
// in place, and a page with something that was not saved is not left without a question.

document.addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("whole");
  let saving = false;

  document.addEventListener("keydown", (event) => {
    const cell = event.target.closest("input[id^=cell-]");
    if (event.key !== "Enter" || event.isComposing || !cell) return;
    event.preventDefault();
    cell.closest(".entry").querySelector("button").click();
  });

  form.addEventListener("submit", () => { saving = true; });
  // After a back button the page may be as it was left.
  addEventListener("pageshow", () => { saving = false; });
  addEventListener("beforeunload", (event) => {
    if (!saving && [...form.elements].some(isUnsaved)) event.preventDefault();
  });
});
