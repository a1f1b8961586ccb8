"use strict";
// What plain pages cannot do: dropping a file, putting the focus on an error, saying progress aloud now and then.

document.addEventListener("DOMContentLoaded", () => {
  const summary = document.querySelector("[data-focus]");
  if (summary && !location.hash) summary.focus();

  const drop = document.querySelector("[data-drop]");
  if (drop) {
    const input = drop.querySelector("input[type=file]");
    for (const name of ["dragenter", "dragover"])
      drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
    for (const name of ["dragleave", "drop"])
      drop.addEventListener(name, () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer.files.length === 1) { input.files = event.dataTransfer.files; drop.requestSubmit(); }
    });
  }

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

// After a back button the buttons of a form work again.
addEventListener("pageshow", () => { for (const button of document.querySelectorAll("form[data-once] button")) button.disabled = false; });
