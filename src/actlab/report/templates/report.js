// The page is complete without this: a click on a heading sorts its table, and folded details open when they are
// linked to or printed.
for (const table of document.querySelectorAll("table.ranking")) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    if (!head.dataset.sort) return;
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const first = head.dataset.sort;
      const other = first === "ascending" ? "descending" : "ascending";
      const direction = head.getAttribute("aria-sort") === first ? other : first;
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", direction);
      const sign = direction === "ascending" ? 1 : -1;
      // What is not a number goes last in either direction.
      const key = (row) => {
        const value = parseFloat(row.cells[column].dataset.value);
        return Number.isNaN(value) ? Infinity : sign * value;
      };
      body.append(...[...body.rows].sort((a, b) => key(a) - key(b) || 0));
    });
  });
}
const folded = [...document.querySelectorAll("details")];
const follow = () => {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  for (const each of target ? target.querySelectorAll("details") : []) each.open = true;
};
addEventListener("hashchange", follow);
follow();
let opened = [];
addEventListener("beforeprint", () => {
  opened = folded.filter((each) => !each.open);
  for (const each of opened) each.open = true;
});
addEventListener("afterprint", () => {
  for (const each of opened) each.open = false;
});
