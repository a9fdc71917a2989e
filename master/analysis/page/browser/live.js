// A live page is written anew as results land. It reloads by itself, but not while somebody is busy with it.

{
  const wait_s = Number(document.body.dataset.live);
  let busy_until = 0;
  const touch = () => (busy_until = performance.now() + 3000);
  const reload = () => {
    const is_typing = document.activeElement?.matches("[type=search], [type=number], select");
    if (document.hidden || is_typing || performance.now() < busy_until) setTimeout(reload, 1000);
    else {
      remember({ scroll: scrollY });
      location.reload();
    }
  };
  if (wait_s) {
    for (const name of ["pointermove", "wheel", "keydown", "touchmove"]) addEventListener(name, touch, { passive: true });
    setTimeout(reload, wait_s * 1000);
    if (before.scroll) addEventListener("load", () => scrollTo(0, before.scroll));
  }
}
