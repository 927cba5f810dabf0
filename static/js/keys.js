// Keys for the queue: j and k move, o opens, u goes back to the list, ? shows this. On a ticket r and n write, d looks at the
// decision, ] goes on. Never money: what pays is a button on a page of its own.
// A person can switch them off: the page carries data-keys="off" then, or the script is not there at all.

const rows = [...document.querySelectorAll("[data-row] a[data-open]")];
const typing = (target) => target.closest("input, textarea, select, [contenteditable]");
const move = (step) => {
  const at = rows.indexOf(document.activeElement);
  const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + step, 0), rows.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
};
const back = () => document.querySelector("a[data-back]")?.click();
// Where a key leads on this page: into the field of what folds away, or to the part itself.
const lead = (key) => {
  const target = document.querySelector(`[data-key="${key}"]`);
  const folded = target?.closest("details");
  if (folded) folded.open = true;
  const into = folded?.querySelector("textarea") ?? target;
  into?.focus();
  into?.scrollIntoView({ block: "nearest" });
};
const keys = {
  j: () => move(1),
  k: () => move(-1),
  o: () => rows.includes(document.activeElement) && document.activeElement.click(),
  u: back,
  r: () => lead("r"),
  n: () => lead("n"),
  d: () => lead("d"),
  "]": () => document.querySelector("a[rel=next]")?.click(),
  "?": () => document.getElementById("keys")?.togglePopover(),
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const deed = document.documentElement.dataset.keys === "off" ? undefined : keys[event.key];
  if (!deed) return;
  event.preventDefault();
  deed();
});
