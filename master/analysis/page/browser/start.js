// After a reload, what was pinned and chosen before is so again.

{
  const known = (before.chosen || []).filter((number) => trials.has(number));
  change({ pinned: trials.has(before.pinned) ? before.pinned : null, chosen: known.length ? new Set(known) : null });
}
document.documentElement.classList.add("is-ready");
