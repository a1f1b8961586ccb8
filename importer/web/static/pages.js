"use strict";
// What plain pages cannot do: dropping a file, putting the focus on an error, saying progress aloud now and then.

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
