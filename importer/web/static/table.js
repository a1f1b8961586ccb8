"use strict";
// The table of all rows: a grid of which only the rows on the screen exist, for keyboard, mouse and screen reader alike.
//
// 1. Rows come from the server page by page, and so do filters, sorting and every change: a range may reach over rows
//    that were never here. The server is told which rows are meant by the name of the view and the number of the first.
// 2. One action is one request. Its answer holds the rows as they are now; nothing but that is believed. What could not
//    be saved stays on the page, named and marked, until it is saved or given up, whatever else is done meanwhile.
// 3. One cell can be reached with Tab; arrows lead to the others, to the header and back. Its row stays in the document
//    while it is scrolled away, or the focus would be lost.

document.addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("table");
  if (place) new RowTable(place).begin();
});

const ROW_HEIGHT = 46;
const AT_ONCE = 100;
const FIXED = 2;              // Row and state stand before the columns of the file.
const NARROW = 480;           // A grid of so few pixels has no room to spare beside its columns.
const BEYOND = 8;             // Rows that are drawn above and below what can be seen.
const HEADER = -1;
const MOST_COPIED = 20000;

class RowTable {
  constructor(place) {
    this.place = place;
    this.address = place.dataset.address;
    this.columns = JSON.parse(place.dataset.columns);
    this.states = JSON.parse(place.dataset.states);
    this.plans = JSON.parse(place.dataset.plans);
    this.most = Number(place.dataset.most);
    this.query = new URLSearchParams(place.dataset.query);
    this.view = "";
    this.total = 0;
    this.base = 0;
    this.rows = new Map();      // What is here of the view: place in it -> row.
    this.asked = new Set();
    this.drawn = new Map();     // Place -> element.
    this.focus = { row: 0, column: FIXED };
    this.anchor = { row: 0, column: FIXED };
    this.editor = null;
    this.waiting = 0;
    this.unsaved = new Map();   // What could not be saved: its cell, or the action itself -> { action, seen, typed, name }.
    this.queue = Promise.resolve();
    this.checking = false;
    this.named = { undo: 0, redo: 0 };   // The steps that the buttons name.
  }

  // -- the page ------------------------------------------------------------------------------------------------------

  async begin() {
    let first;
    try { first = await this.fetchRows(0, AT_ONCE); } catch { return; }   // The plain table stays.
    this.build();
    this.take(first, true);
    this.listen();
  }

  build() {
    document.getElementById("plain").remove();
    document.getElementById("saved-at-once").hidden = false;
    this.tools = element("div", { class: "table-tools", role: "group", "aria-label": "Change the table" });
    const button = (name, words, act) => {
      const one = element("button", { type: "button", class: "quiet", id: `table-${name}` }, words);
      one.addEventListener("click", act);
      this.tools.append(one);
      return one;
    };
    this.undoButton = button("undo", "Undo", () => this.act({ kind: "undo" }));
    this.redoButton = button("redo", "Redo", () => this.act({ kind: "redo" }));
    button("fill", "Fill down", () => this.act(this.range("fill")));
    button("clear", "Empty cells", () => this.act(this.range("clear")));
    this.outButton = button("out", "Leave rows out", () => this.act(this.range("leave out")));
    this.backButton = button("back", "Take rows back", () => this.act(this.range("take back")));
    this.valueButton = button("value", "Only this value", () => this.onlyThisValue());
    this.place.append(this.tools, this.replacing(), this.help());
    this.status = element("p", { role: "status", id: "table-status", class: "table-status" });
    this.alert = element("p", { role: "alert", id: "table-alert", class: "msg" });
    this.again = element("div", { class: "bar", id: "table-unsaved", role: "group", "aria-label": "Not saved" });
    const again = element("button", { type: "button", class: "quiet" }, "Save again");
    const drop = element("button", { type: "button", class: "quiet" }, "Give up these changes");
    again.addEventListener("click", () => this.saveAgain());
    drop.addEventListener("click", () => this.giveUp());
    this.again.append(again, drop);
    this.again.hidden = true;
    this.grid = element("div", {
      role: "grid", id: "grid", class: "grid", "aria-label": "All rows", "aria-multiselectable": "true",
      "aria-colcount": String(this.columns.length + FIXED), "aria-describedby": "table-help",
    });
    this.head = element("div", { role: "rowgroup", class: "grid-head" });
    this.headRow = element("div", { role: "row", class: "grid-row", "aria-rowindex": "1" });
    this.head.append(this.headRow);
    this.body = element("div", { role: "rowgroup", class: "grid-body" });
    this.grid.append(this.head, this.body);
    this.nothing = element("div", { class: "empty", id: "table-empty" });
    this.nothing.append(element("p", {}, "Choose something else above, or "));
    this.nothing.firstChild.append(element("a", { href: this.address }, "show all rows"), ".");
    this.nothing.hidden = true;
    this.parts = element("div", { class: "pages", id: "table-parts" });
    this.detail = element("div", { class: "table-detail", id: "table-detail" });
    this.place.append(this.status, this.alert, this.again, this.grid, this.nothing, this.parts, this.detail);
  }

  help() {
    const details = element("details", { class: "table-keys" });
    const words = "Arrow keys move from cell to cell, with Shift they select. Type or press Enter to change a cell, " +
      "Escape to leave it as it was. Copy, cut and paste work as in a spreadsheet. Ctrl+D fills down, Delete empties, " +
      "Ctrl+Z undoes, Ctrl+Y redoes. On a column title, Enter sorts. Tab leaves the table.";
    details.append(element("summary", {}, "Keys"), element("p", { id: "table-help", class: "small" }, words));
    return details;
  }

  replacing() {
    const details = element("details", { class: "table-replace" });
    const form = element("form", { class: "bar", id: "replace" });
    const field = (name, words) => {
      const label = element("label", { for: `replace-${name}` }, words);
      label.append(element("input", { id: `replace-${name}`, name, autocomplete: "off" }));
      return label;
    };
    const tick = (name, words) => {
      const label = element("label", { class: "tick" });
      label.append(element("input", { type: "checkbox", name, autocomplete: "off" }), ` ${words}`);
      return label;
    };
    const where = element("label", { for: "replace-in" }, "In");
    const select = element("select", { id: "replace-in", name: "in", autocomplete: "off" });
    select.append(element("option", { value: "" }, "all columns"));
    this.columns.forEach((column, index) =>
      select.append(element("option", { value: String(index) }, this.titleOf(index + FIXED))));
    where.append(select);
    this.replaceButton = element("button", { class: "quiet" }, "Replace");
    form.append(field("find", "Find"), field("with", "Replace with"), where, tick("whole", "Whole cells only"),
      tick("exact", "Same capitals"), this.replaceButton);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const data = new FormData(form);
      if (!data.get("find") && !data.get("whole")) { this.complain("Type what to find first."); return; }
      const column = data.get("in");
      this.act({
        kind: "replace", find: data.get("find"), text: data.get("with"), whole: data.has("whole"),
        exact: data.has("exact"), first: 0, last: 0,
        left: column === "" ? 0 : Number(column), right: column === "" ? this.columns.length - 1 : Number(column),
      });
    });
    details.append(element("summary", {}, "Find and replace"), form);
    return details;
  }

  titleOf(column) {
    if (column === 0) return "Row";
    if (column === 1) return "State";
    const { label, letters } = this.columns[column - FIXED];
    return label.replace(/\s+/g, " ").slice(0, 60) || `Column ${letters}`;
  }

  // -- rows from the server ------------------------------------------------------------------------------------------

  async fetchRows(first, count, more = {}) {
    const query = new URLSearchParams(this.query), of = this.query.toString();
    for (const [name, value] of Object.entries({ view: this.view, first, count, ...more })) query.set(name, value);
    const answer = await fetch(`${this.address}/rows?${query}`, { headers: { "HX-Request": "true" } });
    if (!answer.ok) throw new Error(String(answer.status));
    return { ...await answer.json(), of };
  }

  take(document, anew = false) {
    // Asked for before the person chose other rows, or another order: the answer to that may have come first.
    if (document.of !== this.query.toString()) return;
    if (anew || document.view !== this.view) {
      const lost = this.view && document.view !== this.view && !anew;
      this.view = document.view;
      this.total = document.total;
      this.forgetRows();
      this.base = Math.min(this.base, Math.max(this.total - 1, 0));
      this.base -= this.base % this.most;
      if (lost) this.say("The table was loaded anew.");
      const row = this.focus.row === HEADER ? HEADER : this.clampRow(this.focus.row);
      this.moveTo({ row, column: this.focus.column }, { focus: false });
    }
    document.rows.forEach((row, index) => this.rows.set(document.first + index, row));
    this.stand(document);
    this.layOut();
    this.draw();
  }

  forgetRows() {
    this.rows.clear();
    this.asked.clear();
  }

  /** How the whole file stands: what can be shown, undone and redone. */
  stand(document) {
    if (!document.choices) return;
    this.checking = document.checking;
    this.version = document.version;
    this.grid.setAttribute("aria-busy", String(this.checking));
    this.enable(this.undoButton, document.undo);
    this.named = { undo: document.undo_step, redo: document.redo_step };
    this.undoButton.textContent = document.undo ? `Undo ${document.undo}` : "Undo";
    this.enable(this.redoButton, document.redo);
    this.redoButton.textContent = document.redo ? `Redo ${document.redo}` : "Redo";
    const show = window.document.getElementById("show");
    const chosen = this.query.get("show") || "";
    show.replaceChildren(show.options[0], ...document.choices.map(([word, words, number]) =>
      element("option", { value: word }, `${words} (${number.toLocaleString("en")})`)));
    if (chosen && ![...show.options].some((option) => option.value === chosen))
      show.append(element("option", { value: chosen }, `${this.words(chosen)} (0)`));
    show.value = chosen;
    if (this.checking && !this.polling) { this.polling = setTimeout(() => this.poll(), 1000); }
  }

  /** Let a button be pressed or not. One that cannot be any more gives its focus to the cell in use. */
  enable(button, can) {
    const hadFocus = window.document.activeElement === button;
    button.disabled = !can;
    if (hadFocus && !can) this.cell(this.focus.row, this.focus.column)?.focus({ preventScroll: true });
  }

  words(word) {
    return { "needs-change": "Needs a change", warning: "Warning", ready: "Ready", "left-out": "Left out",
      edited: "Changed here" }[word] || `Plan: ${this.plans[word] || word}`;
  }

  /** Ask whether the check of the whole file has ended; only then is what it says of equal rows in the table. */
  async poll() {
    this.polling = 0;
    let document;
    try { document = await this.fetchRows(0, 0, { settle: "yes" }); }
    catch { this.polling = setTimeout(() => this.poll(), 3000); return; }
    if (!document.checking) this.forgetRows();
    this.take(document);
  }

  /** Another window may have changed the rows since this one was looked at. */
  async lookAgain() {
    if (document.hidden || this.waiting || this.editor) return;
    let now;
    try { now = await this.fetchRows(0, 0); } catch { return; }
    if (now.version === this.version || this.waiting || this.editor) return;
    this.forgetRows();
    this.take(now);
  }

  need(first, last) {
    for (let page = Math.floor(first / AT_ONCE); page <= Math.floor(last / AT_ONCE); page += 1) {
      const start = page * AT_ONCE;
      if (this.asked.has(start) || start >= this.total) continue;
      this.asked.add(start);
      this.fetchRows(start, AT_ONCE).then((document) => this.take(document), () => {
        this.asked.delete(start);
        this.complain("Some rows could not be loaded. Check that you are signed in, then scroll again.");
      });
    }
  }

  /** The row at a place in the view, fetched if it is not here. */
  async row(index) {
    if (!this.rows.has(index)) this.take(await this.fetchRows(index - index % AT_ONCE, AT_ONCE));
    return this.rows.get(index);
  }

  reload({ keepFocus = true } = {}) {
    this.view = "";
    if (!keepFocus) { this.focus = { row: 0, column: this.focus.column }; this.anchor = { ...this.focus }; this.base = 0; }
    return this.fetchRows(this.base, AT_ONCE).then((document) => {
      this.take(document, true);
      if (!keepFocus) this.grid.scrollTop = 0;
      this.draw();
      this.say(this.total === 0 ? "No row matches that." : this.total === 1 ? "1 row" : `${this.total.toLocaleString("en")} rows`);
    }, () => this.complain("The rows could not be loaded. Check that you are signed in, then try again."));
  }

  // -- drawing -------------------------------------------------------------------------------------------------------

  get shown() { return Math.max(Math.min(this.most, this.total - this.base), 0); }

  layOut() {
    if (!this.widths) {
      const some = [...this.rows.values()].slice(0, 60);
      this.widths = this.columns.map((column, index) => {
        const lengths = some.map((row) => Math.max(row.texts[index].length, row.sent[index].length));
        const longest = Math.max(this.titleOf(index + FIXED).length + 3, ...lengths, 0);
        return Math.min(Math.max(longest * 8 + 24, 110), 280);
      });
      this.widths.unshift(...(this.grid.clientWidth < NARROW ? [72, 140] : [84, 164]));
      this.drawHeader();
    }
    const width = this.widths.reduce((sum, one) => sum + one, 0);
    this.body.style.height = `${this.shown * ROW_HEIGHT}px`;
    for (const part of [this.head, this.body]) part.style.width = `${width}px`;
    this.grid.setAttribute("aria-rowcount", String(this.total + 1));
    this.drawParts();
    this.nothing.hidden = this.total > 0;
    this.grid.classList.toggle("is-empty", !this.total);
    this.replaceButton.disabled = !this.total;
    this.replaceButton.textContent = !this.total ? "No row to replace in" : `Replace in ${this.total === 1 ? "the row shown" : `all ${this.total.toLocaleString("en")} rows shown`}`;
  }

  drawHeader() {
    const cells = this.widths.map((width, column) => {
      const cell = element("div", {
        role: "columnheader", class: "grid-cell", "aria-colindex": String(column + 1), tabindex: "-1",
      }, this.titleOf(column));
      cell.style.width = `${width}px`;
      return cell;
    });
    this.headRow.replaceChildren(...cells);
    this.drawSort();
  }

  drawSort() {
    const sort = this.query.get("sort") || "row";
    const way = this.query.get("order") === "down" ? "descending" : "ascending";
    [...this.headRow.children].forEach((cell, column) => {
      const sorted = this.sortName(column) === sort;
      cell.setAttribute("aria-sort", sorted ? way : "none");
    });
  }

  sortName(column) { return column === 0 ? "row" : column === 1 ? "state" : this.columns[column - FIXED].letters; }

  drawParts() {
    this.parts.replaceChildren();
    if (this.total <= this.most) return;
    const go = (words, base) => {
      const button = element("button", { type: "button", class: "quiet" }, words);
      button.addEventListener("click", () => {
        this.base = base;
        this.moveTo({ row: base, column: this.focus.column }, { focus: false });
        this.grid.scrollTop = 0;
        this.layOut();
        this.draw();
        this.say(this.partWords());
      });
      return button;
    };
    if (this.base > 0) this.parts.append(go("Previous rows", this.base - this.most));
    this.parts.append(element("span", {}, this.partWords()));
    if (this.base + this.most < this.total) this.parts.append(go("Next rows", this.base + this.most));
  }

  partWords() {
    const number = (value) => value.toLocaleString("en");
    return `Rows ${number(this.base + 1)} to ${number(this.base + this.shown)} of ${number(this.total)}. ` +
      "So many rows are shown in parts.";
  }

  draw() {
    const top = Math.floor(this.grid.scrollTop / ROW_HEIGHT), height = Math.ceil(this.grid.clientHeight / ROW_HEIGHT);
    const first = Math.max(this.base + top - BEYOND, this.base);
    const last = Math.min(this.base + top + height + BEYOND, this.base + this.shown - 1);
    for (const [index, row] of this.drawn) {
      const stays = (index >= first && index <= last) || (index === this.focus.row && index < this.total);
      if (!stays) { row.remove(); this.drawn.delete(index); }
    }
    for (let index = first; index <= last; index += 1) this.drawRow(index);
    if (this.focus.row !== HEADER && this.focus.row < this.total) this.drawRow(this.focus.row);
    if (last >= first) this.need(first, last);
    this.drawTabStop();
    this.drawDetail();
  }

  drawRow(index) {
    let row = this.drawn.get(index);
    if (!row) {
      row = element("div", { role: "row", class: "grid-row", "aria-rowindex": String(index + 2) });
      row.dataset.index = index;
      row.style.transform = `translateY(${(index - this.base) * ROW_HEIGHT}px)`;
      this.widths.forEach((width, column) => {
        const role = column === 0 ? "rowheader" : "gridcell";
        const cell = element("div", { role, class: "grid-cell", "aria-colindex": String(column + 1), tabindex: "-1" });
        cell.style.width = `${width}px`;
        row.append(cell);
      });
      this.drawn.set(index, row);
      const after = [...this.drawn.keys()].filter((other) => other > index).sort((a, b) => a - b)[0];
      this.body.insertBefore(row, after === undefined ? null : this.drawn.get(after));
    } else row.style.transform = `translateY(${(index - this.base) * ROW_HEIGHT}px)`;
    const data = this.rows.get(index);
    if (row.source !== data || !data) this.fillRow(row, data, index);
    this.drawSelection(row, index);
  }

  fillRow(row, data, index) {
    row.source = data;
    row.className = `grid-row ${data ? data.state : "loading"}`;
    [...row.children].forEach((cell, column) => {
      if (this.editor && this.editor.row === index && this.editor.column === column) return;
      this.fillCell(cell, data, column, index);
    });
  }

  fillCell(cell, data, column, index) {
    cell.removeAttribute("aria-invalid");
    cell.removeAttribute("aria-describedby");
    cell.classList.remove("wrong", "doubtful", "unsaved");
    if (!data) { cell.replaceChildren(element("span", { class: "text" }, column === 0 ? "…" : "")); return; }
    if (column === 0) { cell.replaceChildren(element("span", { class: "text" }, String(data.row))); return; }
    const letters = column === 1 ? "" : this.columns[column - FIXED].letters;
    const issues = data.issues.filter(([where]) => where === letters);
    const unsaved = this.unsaved.get(keyOf(data.row, column));
    if (unsaved) {
      cell.classList.add("unsaved");
      cell.replaceChildren(element("span", { class: "text" }, unsaved.typed.text.replace(/[\r\n]+/g, " ")),
        element("span", { class: "sent" }, "Not saved"));
      return;
    }
    const text = column === 1 ? this.states[data.state] : data.texts[column - FIXED];
    const sent = column === 1 ? (data.plan ? this.plans[data.plan] : "") : data.sent[column - FIXED];
    const parts = [element("span", { class: "text" }, text.replace(/[\r\n]+/g, " "))];
    if (issues.length) {
      const words = issues.map(([, , sentence]) => sentence).join(" ");
      const name = `about-${index}-${column}`;
      const wrong = issues.some(([, severity]) => severity === "error");
      cell.classList.add(wrong ? "wrong" : "doubtful");
      if (wrong && column > 1) cell.setAttribute("aria-invalid", "true");
      cell.setAttribute("aria-describedby", name);
      const about = element("span", { id: name }, words);
      about.hidden = true;
      parts.push(element("span", { class: "sent", "aria-hidden": "true" }, sent || words), about);
    } else if (sent) parts.push(element("span", { class: "sent" }, sent));
    if (column === 1) cell.setAttribute("aria-readonly", "true");
    cell.replaceChildren(...parts);
  }

  bounds() {
    const rows = [this.anchor.row, this.focus.row].map((row) => Math.max(row, 0)).sort((a, b) => a - b);
    const columns = [this.anchor.column, this.focus.column].sort((a, b) => a - b);
    return { first: rows[0], last: rows[1], left: columns[0], right: columns[1] };
  }

  drawSelection(row, index) {
    const { first, last, left, right } = this.bounds();
    const inside = this.focus.row !== HEADER && index >= first && index <= last;
    [...row.children].forEach((cell, column) =>
      cell.setAttribute("aria-selected", String(inside && column >= left && column <= right)));
  }

  cell(row, column) {
    const element = row === HEADER ? this.headRow : this.drawn.get(row);
    return element ? element.children[column] : null;
  }

  drawTabStop() {
    for (const old of this.grid.querySelectorAll('[tabindex="0"]')) old.tabIndex = -1;
    const cell = this.cell(this.focus.row, this.focus.column);
    if (cell && !this.editor) cell.tabIndex = 0;
  }

  drawDetail() {
    const data = this.rows.get(this.focus.row), column = this.focus.column;
    this.detail.replaceChildren();
    if (!data || column === 0) return;
    const letters = column === 1 ? "" : this.columns[column - FIXED].letters;
    const title = element("p", {});
    title.append(element("strong", {}, `Row ${data.row}, ${this.titleOf(column)}`));
    if (column > 1) {
      const text = data.texts[column - FIXED], sent = data.sent[column - FIXED];
      title.append(`: ${text || "empty"}${sent ? ` – sent as ${sent}` : ""}`);
    }
    this.detail.append(title);
    for (const [, severity, sentence] of data.issues.filter(([where]) => where === letters))
      this.detail.append(element("p", { class: `msg ${severity}` }, sentence));
    const out = data.state === "out";
    const several = this.bounds().first !== this.bounds().last;
    this.enable(this.outButton, !out || several);
    this.enable(this.backButton, out || several);
    this.enable(this.valueButton, column >= FIXED);
  }

  // -- moving --------------------------------------------------------------------------------------------------------

  clampRow(row) {
    if (!this.total) return HEADER;
    return Math.min(Math.max(row, this.base), this.base + this.shown - 1);
  }

  moveTo({ row, column }, { extend = false, focus = true } = {}) {
    this.focus = { row, column: Math.min(Math.max(column, 0), this.columns.length + FIXED - 1) };
    if (!extend) this.anchor = { ...this.focus };
    if (!this.widths) return;
    if (row !== HEADER) this.reveal(row);
    this.revealColumn(this.focus.column);
    this.draw();
    for (const [index, element] of this.drawn) this.drawSelection(element, index);
    if (focus) this.cell(this.focus.row, this.focus.column)?.focus({ preventScroll: true });
  }

  reveal(row) {
    const top = (row - this.base) * ROW_HEIGHT, room = this.grid.clientHeight - this.head.offsetHeight - ROW_HEIGHT;
    if (top < this.grid.scrollTop) this.grid.scrollTop = top;
    else if (top > this.grid.scrollTop + room) this.grid.scrollTop = top - room;
  }

  revealColumn(column) {
    const left = this.widths.slice(0, column).reduce((sum, one) => sum + one, 0), sticky = column ? this.widths[0] : 0;
    if (left - sticky < this.grid.scrollLeft) this.grid.scrollLeft = left - sticky;
    else if (left + this.widths[column] > this.grid.scrollLeft + this.grid.clientWidth)
      this.grid.scrollLeft = left + this.widths[column] - this.grid.clientWidth;
  }

  move(rows, columns, extend) {
    let row = this.focus.row;
    if (rows) {
      if (row === HEADER) row = rows > 0 ? this.clampRow(this.base + rows - 1) : HEADER;
      else if (row + rows < this.base) row = extend || Math.abs(rows) > 1 ? this.clampRow(this.base) : HEADER;
      else row = this.clampRow(row + rows);
    }
    this.moveTo({ row, column: this.focus.column + columns }, { extend });
  }

  get pageRows() { return Math.max(Math.floor((this.grid.clientHeight - this.head.offsetHeight) / ROW_HEIGHT) - 1, 1); }

  // -- keys and mouse ------------------------------------------------------------------------------------------------

  listen() {
    this.grid.addEventListener("scroll", () => {
      if (!this.frame) this.frame = requestAnimationFrame(() => { this.frame = 0; this.draw(); });
    }, { passive: true });
    addEventListener("resize", () => this.draw());
    addEventListener("focus", () => this.lookAgain());
    document.addEventListener("visibilitychange", () => this.lookAgain());
    this.grid.addEventListener("keydown", (event) => this.key(event));
    this.grid.addEventListener("mousedown", (event) => this.press(event));
    this.grid.addEventListener("mouseover", (event) => this.drag(event));
    this.grid.addEventListener("dblclick", (event) => { if (this.placeOf(event.target)) this.edit(); });
    this.grid.addEventListener("focusin", (event) => {
      const place = this.placeOf(event.target);
      if (place && (place.row !== this.focus.row || place.column !== this.focus.column) && !this.editor)
        this.moveTo(place, { focus: false });
    });
    for (const name of ["copy", "cut", "paste"]) document.addEventListener(name, (event) => this.clipboard(event));
    addEventListener("beforeunload", (event) => {
      if (this.waiting || this.unsaved.size || (this.editor && this.editor.field.value !== this.editor.before))
        event.preventDefault();
    });
    document.addEventListener("click", (event) => {
      const link = event.target.closest?.("a[href]"), other = event.button || event.ctrlKey || event.metaKey || event.shiftKey;
      if (!link || other || event.defaultPrevented || link.getAttribute("href").startsWith("#")) return;
      this.leave(event, () => { location.href = link.href; });
    });
    document.addEventListener("submit", (event) => {
      const { target, submitter } = event;
      if (!event.defaultPrevented) this.leave(event, () => target.requestSubmit(submitter));
    });
    const form = document.getElementById("filters");
    form.addEventListener("submit", (event) => { event.preventDefault(); this.filter(form); });
    for (const select of form.querySelectorAll("select")) select.addEventListener("change", () => this.filter(form));
  }

  /** Go on to another page once everything is saved: the browser would ask about what is about to be. */
  leave(event, go) {
    if (this.editor) this.endEdit({ save: true, focus: false });
    if (!this.waiting && !this.unsaved.size) return;
    event.preventDefault();
    this.say("Saving …");
    this.queue.then(() => {
      if (!this.unsaved.size) { go(); return; }
      this.say("This page stays open, because something on it is not saved. Save it again, or give it up.");
      this.again.querySelector("button").focus();
    });
  }

  placeOf(target) {
    const cell = target.closest?.(".grid-cell");
    if (!cell || !this.grid.contains(cell)) return null;
    const row = cell.parentElement;
    return { row: row === this.headRow ? HEADER : Number(row.dataset.index), column: [...row.children].indexOf(cell) };
  }

  press(event) {
    const place = this.placeOf(event.target);
    if (!place || event.button || event.target.closest("textarea")) return;
    event.preventDefault();
    if (this.editor) this.endEdit({ save: true, focus: false });
    if (place.row === HEADER) { this.moveTo(place); this.sort(place.column); return; }
    if (place.column === 0) {
      if (!event.shiftKey) this.anchor = { row: place.row, column: this.columns.length + FIXED - 1 };
      this.moveTo(place, { extend: true });
    } else this.moveTo(place, { extend: event.shiftKey });
  }

  drag(event) {
    const place = this.placeOf(event.target);
    if (!place || !(event.buttons & 1) || place.row === HEADER || this.editor || this.focus.row === HEADER) return;
    if (place.row === this.focus.row && place.column === this.focus.column) return;
    this.moveTo(place, { extend: true });
  }

  key(event) {
    if (this.editor) { this.editorKey(event); return; }
    const name = event.key.toLowerCase(), control = event.ctrlKey || event.metaKey;
    const done = () => event.preventDefault();
    const last = this.clampRow(this.base + this.shown - 1), end = this.columns.length + FIXED - 1;
    const moves = {
      arrowdown: () => control ? this.moveTo({ row: last, column: this.focus.column }, { extend: event.shiftKey }) : this.move(1, 0, event.shiftKey),
      arrowup: () => control ? this.moveTo({ row: this.clampRow(this.base), column: this.focus.column }, { extend: event.shiftKey }) : this.move(-1, 0, event.shiftKey),
      arrowleft: () => this.move(0, control ? -end : -1, event.shiftKey),
      arrowright: () => this.move(0, control ? end : 1, event.shiftKey),
      pagedown: () => this.move(this.pageRows, 0, event.shiftKey),
      pageup: () => this.move(-this.pageRows, 0, event.shiftKey),
      home: () => this.moveTo({ row: control ? this.clampRow(this.base) : this.focus.row, column: 0 }, { extend: event.shiftKey }),
      end: () => this.moveTo({ row: control ? last : this.focus.row, column: end }, { extend: event.shiftKey }),
    };
    if (event.altKey) return;
    if (moves[name]) { done(); moves[name](); return; }
    if (control) {
      const commands = {
        a: () => this.selectAll(),
        d: () => this.act(this.range("fill")),
        z: () => this.act({ kind: event.shiftKey ? "redo" : "undo" }),
        y: () => this.act({ kind: "redo" }),
      };
      if (commands[name]) { done(); commands[name](); }
      return;
    }
    if (name === "enter") { done(); this.focus.row === HEADER ? this.sort(this.focus.column) : this.edit(); return; }
    if (name === "f2") { done(); this.edit(); return; }
    if (name === "delete" || name === "backspace") { done(); this.act(this.range("clear")); return; }
    if (name === "escape") { this.moveTo(this.focus); return; }
    if (name === " " && event.shiftKey) { done(); this.anchor = { row: this.focus.row, column: end }; this.moveTo({ row: this.focus.row, column: 0 }, { extend: true }); return; }
    if (event.key.length === 1 && this.focus.row !== HEADER) { done(); this.edit(event.key); }
  }

  selectAll() {
    if (!this.total) return;
    this.anchor = { row: this.base + this.shown - 1, column: this.columns.length + FIXED - 1 };
    this.focus = { row: this.base, column: FIXED };
    this.draw();
    for (const [index, element] of this.drawn) this.drawSelection(element, index);
    this.cell(this.focus.row, this.focus.column)?.focus({ preventScroll: true });
    this.say(`${this.shown.toLocaleString("en")} rows selected`);
  }

  // -- changing cells ------------------------------------------------------------------------------------------------

  edit(initial) {
    const { row, column } = this.focus, data = this.rows.get(row);
    if (column < FIXED || row === HEADER || this.editor) return;
    if (!data) { this.say("This row is still loading."); return; }
    const cell = this.cell(row, column), before = data.texts[column - FIXED];
    const unsaved = this.unsaved.get(keyOf(data.row, column));
    if (unsaved && initial === undefined) initial = unsaved.typed.text;
    const field = element("textarea", { rows: "1", "aria-label": `${this.titleOf(column)}, row ${data.row}` });
    if (cell.hasAttribute("aria-describedby")) {
      // The sentence about the cell is said while it is being corrected as well.
      const about = element("span", { id: `editing-${row}-${column}` }, this.sentences(data, column));
      about.hidden = true;
      field.setAttribute("aria-describedby", about.id);
      cell.replaceChildren(field, about);
    } else cell.replaceChildren(field);
    cell.removeAttribute("tabindex");
    field.value = before;
    // As the field has it: it may write line ends in another way, and that is nothing that was typed.
    this.editor = { row, column, field, before: field.value, seen: before, cell, number: data.row, typed: initial !== undefined };
    if (initial !== undefined) field.value = initial;
    field.focus({ preventScroll: true });
    field.setSelectionRange(field.value.length, field.value.length);
    field.addEventListener("blur", () => { if (this.editor && this.editor.field === field) this.endEdit({ save: true, focus: false }); });
  }

  sentences(data, column) {
    const letters = this.columns[column - FIXED].letters;
    return data.issues.filter(([where]) => where === letters).map(([, , sentence]) => sentence).join(" ");
  }

  editorKey(event) {
    if (event.isComposing) return;
    const { key } = event, { row, column, field } = this.editor;
    if (key === "Escape") { event.preventDefault(); this.endEdit({ save: false }); return; }
    if (key === "Enter" && (event.altKey || event.shiftKey)) {
      if (event.altKey) { event.preventDefault(); field.setRangeText("\n", field.selectionStart, field.selectionEnd, "end"); }
      return;
    }
    if (key === "Enter") { event.preventDefault(); this.endEdit({ save: true }); this.move(1, 0, false); return; }
    if (key === "Tab") {
      event.preventDefault();
      this.endEdit({ save: true });
      this.moveTo({ row, column: Math.max(column + (event.shiftKey ? -1 : 1), FIXED) });
    }
  }

  endEdit({ save, focus = true }) {
    const { row, column, field, before, seen, cell, number } = this.editor, text = field.value;
    this.editor = null;
    const data = this.rows.get(row);
    const changed = save && text !== before;
    if (changed && data && data.row === number) {
      const texts = [...data.texts], sent = [...data.sent];
      texts[column - FIXED] = text;
      sent[column - FIXED] = "";
      this.rows.set(row, { ...data, texts, sent });
    }
    this.fillCell(cell, this.rows.get(row), column, row);
    cell.tabIndex = -1;
    this.drawTabStop();
    if (focus) cell.focus({ preventScroll: true });
    const was = this.unsaved.has(keyOf(number, column)) ? undefined : seen;
    if (changed) this.act({ kind: "type", row: number, left: column - FIXED, right: column - FIXED, text, before: was }, { number, column, text });
  }

  /** The request for an action on the selected cells. */
  range(kind) {
    const { first, last, left, right } = this.bounds();
    return { kind, first, last, left: Math.max(left - FIXED, 0), right: Math.max(right - FIXED, 0), outside: right < FIXED };
  }

  /** Send an action, after those that were begun before; nothing is lost in silence if that fails. */
  act(action, typed) {
    const rowless = ["undo", "redo", "type", "replace"].includes(action.kind);
    if (!rowless && this.focus.row === HEADER) { this.say("Go to a cell first."); return this.queue; }
    if (action.outside && !["leave out", "take back"].includes(action.kind)) { this.say("Go to a cell of your file first."); return this.queue; }
    if (typed) this.unsaved.delete(keyOf(typed.number, typed.column));
    // What the person sees now, which may be another view when the request leaves, or when it is sent once more.
    const seen = { view: this.view, query: this.query.toString(), row: this.rows.get(action.first)?.row };
    return this.request({ ...action, press: newPress() }, seen, typed);
  }

  request(action, seen, typed) {
    this.waiting += 1;
    this.drawUnsaved();
    this.queue = this.queue.then(() => this.send(action, seen)).then(
      (answer) => this.answered(answer, action, seen, typed),
      () => this.failed("Check your connection and that you are signed in.", action, seen, typed),
    ).finally(() => { this.waiting -= 1; });
    return this.queue;
  }

  async send({ outside, ...action }, seen) {
    const body = { view: seen.view, ...action };
    // By now: what was done before this press, in this window, is done and named.
    if (action.kind in this.named && !seen.step) seen.step = this.named[action.kind];
    if (seen.step) body.step = seen.step;
    if (!["undo", "redo", "type"].includes(action.kind)) {
      // A row that is not here yet is asked for, as long as the view is the one that the person sees.
      const row = seen.row ?? (seen.view === this.view ? (await this.row(action.first))?.row : undefined);
      if (row === undefined) return { status: 422, document: { problem: "The table was loading, so nothing was done. Please try again." } };
      body.row = row;
    }
    const answer = await fetch(`${this.address}/steps?${seen.query}`, {
      method: "POST", headers: { "Content-Type": "application/json", "HX-Request": "true" }, body: JSON.stringify(body),
    });
    if (![200, 409, 422].includes(answer.status)) throw new Error(String(answer.status));
    return { status: answer.status, document: await answer.json() };
  }

  answered({ status, document }, action, seen, typed) {
    if (status !== 200) {
      // A typed text stays, to be saved once the person has read what the cell says now.
      if (typed) this.failed(document.problem, { ...action, before: undefined }, seen, typed);
      if (status === 409) this.reload().then(() => { if (!typed) this.complain(document.problem); });
      else if (!typed) this.complain(document.problem);
      return;
    }
    // An answer that was lost before does not come again.
    if (seen.again || document.changed > document.rows.length) this.forgetRows();
    const byNumber = new Map(document.rows.map((row) => [row.row, row]));
    for (const [index, row] of this.rows) if (byNumber.has(row.row)) this.rows.set(index, byNumber.get(row.row));
    this.stand(document);
    this.draw();
    this.say(document.message);
  }

  // -- what could not be saved ---------------------------------------------------------------------------------------

  failed(problem, action, seen, typed) {
    const words = { undo: "undoing", redo: "redoing", paste: "pasting", fill: "filling down", clear: "emptying cells", replace: "replacing",
      "leave out": "leaving rows out", "take back": "taking rows back" };
    const name = typed ? `row ${typed.number}, ${this.titleOf(typed.column)}` : words[action.kind];
    this.problem = problem;
    this.unsaved.set(typed ? keyOf(typed.number, typed.column) : action, { action, seen, typed, name });
    this.drawUnsaved();
  }

  drawUnsaved() {
    const names = [...this.unsaved.values()].map((one) => one.name), some = names.slice(0, 5).join("; ");
    const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
    this.alert.textContent = names.length ? `Not saved: ${some}${more}. ${this.problem}` : "";
    this.again.hidden = !names.length;
    for (const row of this.drawn.values()) row.source = null;
    this.draw();
  }

  /** The same presses once more, about the rows that were seen then: the server does none of them twice. */
  saveAgain() {
    const before = [...this.unsaved.values()];
    this.unsaved.clear();
    for (const { action, seen, typed } of before) this.request(action, { ...seen, again: true }, typed);
  }

  giveUp() {
    this.unsaved.clear();
    this.forgetRows();
    this.drawUnsaved();
    this.say("The changes that were not saved are given up.");
  }

  // -- clipboard -----------------------------------------------------------------------------------------------------

  clipboard(event) {
    const inside = this.grid.contains(document.activeElement);
    if (!inside || this.editor || this.focus.row === HEADER) return;
    event.preventDefault();
    if (event.type === "paste") {
      const text = event.clipboardData.getData("text/plain");
      if (text) this.act({ ...this.range("paste"), text });
      return;
    }
    const text = this.selectedText();
    if (text === null) { this.loadSelection(); return; }
    event.clipboardData.setData("text/plain", text);
    const { first, last } = this.bounds();
    this.say(`${last - first + 1 === 1 ? "1 row" : `${(last - first + 1).toLocaleString("en")} rows`} copied.`);
    if (event.type === "cut") this.act(this.range("clear"));
  }

  /** The texts of the selection as spreadsheet programs write them; null while some of its rows are not here. */
  selectedText() {
    const { first, last, left: from, right } = this.bounds(), lines = [];
    // A whole row is the cells of the file: pasted on another row, each must land in its own column.
    const left = right < FIXED ? from : Math.max(from, FIXED);
    for (let index = first; index <= last; index += 1) {
      const row = this.rows.get(index);
      if (!row) return null;
      const cells = [];
      for (let column = left; column <= right; column += 1)
        cells.push(column === 0 ? String(row.row) : column === 1 ? this.states[row.state] : row.texts[column - FIXED]);
      lines.push(cells.map((cell) => /[\t\r\n"]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell).join("\t"));
    }
    return lines.join("\r\n");
  }

  /** The clipboard takes only what is here at once, so the rows are fetched first and the person copies once more. */
  async loadSelection() {
    const { first, last } = this.bounds();
    if (last - first >= MOST_COPIED) {
      this.complain(`Nothing was copied: at most ${MOST_COPIED.toLocaleString("en")} rows can be copied at once.`);
      return;
    }
    this.say("Loading the rows to copy …");
    try {
      for (let start = first; start <= last; start += 1000) this.take(await this.fetchRows(start, 1000));
      this.say("The rows are loaded. Copy once more.");
    } catch { this.complain("The rows could not be loaded, so nothing was copied."); }
  }

  // -- filters and order ---------------------------------------------------------------------------------------------

  filter(form) {
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value && name !== "sort" && name !== "order") query.set(name, value);
    this.show(query);
  }

  onlyThisValue() {
    const data = this.rows.get(this.focus.row), column = this.focus.column - FIXED;
    if (!data || column < 0) return;
    const query = new URLSearchParams(this.query);
    query.set("column", this.columns[column].letters);
    query.set("value", data.texts[column]);
    const words = document.getElementById("one-value");
    words.textContent = `Only rows with “${data.texts[column] || "nothing"}” in ${this.titleOf(this.focus.column)}.`;
    this.show(query, true);
  }

  show(query, oneValue = false) {
    for (const name of ["sort", "order"]) if (!query.has(name) && this.query.has(name)) query.set(name, this.query.get(name));
    this.query = query;
    const filtered = ["show", "cause", "column", "q"].some((name) => query.get(name));
    document.getElementById("no-filter").hidden = !filtered;
    document.getElementById("one-value").hidden = !(oneValue || query.get("column"));
    this.remember();
    this.reload({ keepFocus: false });
  }

  sort(column) {
    const name = this.sortName(column), down = (this.query.get("sort") || "row") === name && this.query.get("order") !== "down";
    name === "row" ? this.query.delete("sort") : this.query.set("sort", name);
    down ? this.query.set("order", "down") : this.query.delete("order");
    this.drawSort();
    this.remember();
    this.view = "";
    this.fetchRows(this.base, AT_ONCE).then((document) => {
      this.take(document, true);
      this.grid.scrollTop = 0;
      this.draw();
      this.say(`Sorted by ${this.titleOf(column)}, ${down ? "descending" : "ascending"}.`);
    }, () => this.complain("The rows could not be sorted. Check that you are signed in, then try again."));
  }

  remember() {
    const query = this.query.toString();
    history.replaceState(null, "", query ? `${this.address}?${query}` : this.address);
  }

  // -- words ---------------------------------------------------------------------------------------------------------

  say(sentence) { this.status.textContent = sentence; }

  complain(sentence) { this.alert.textContent = sentence; }
}

// Not a UUID: browsers make those only for pages that came encrypted.
function newPress() { return crypto.getRandomValues(new Uint32Array(4)).join("-"); }

function keyOf(number, column) { return `${number}:${column}`; }

function element(name, attributes = {}, text = "") {
  const one = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) one.setAttribute(attribute, value);
  if (text) one.textContent = text;
  return one;
}
