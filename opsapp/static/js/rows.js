// The whole row is a link through its first cell; parts that lie above it pass clicks on.
document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.target.closest("a, button, summary, input, label, select, form")) return;
  const link = event.target.closest(".data-table tbody tr")?.querySelector(".row-link");
  if (!link || !getSelection().isCollapsed) return;
  if (event.ctrlKey || event.metaKey) open(link.href);
  else link.click();
});
