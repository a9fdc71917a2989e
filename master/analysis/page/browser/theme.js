// The button that changes between dark and light, whatever the system prefers.

{
  const style = document.getElementById("dark");
  const system = style.media;
  const is_dark = () => matchMedia(style.media).matches;
  const button = element("button", { type: "button", id: "theme" });
  const show = () => (button.textContent = is_dark() ? "Light" : "Dark");
  const set = (theme) => {
    style.media = { dark: "screen", light: "not all" }[theme] || system;
    show();
  };
  button.addEventListener("click", () => {
    const theme = is_dark() ? "light" : "dark";
    set(theme);
    remember({ theme });
  });
  document.querySelector(".bar").append(button);
  set(before.theme);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
}
// The menu of a narrow page closes when something in it is chosen.
document.querySelector("nav").addEventListener("click", () => (document.getElementById("menu").checked = false));
