// Comfort on top of pages that work without it: colours, menus, dialogs, file
// drop, forms that are sent once, regions that renew themselves.

const each = (selector, act, root = document) => root.querySelectorAll(selector).forEach(act);

// Colours: like the device, light, or dark.
each("[data-theme-switch]", (group) => {
  const buttons = group.querySelectorAll("button");
  const show = () => {
    const now = document.documentElement.dataset.theme ?? "auto";
    buttons.forEach((b) => b.setAttribute("aria-pressed", String(b.value === now)));
  };
  group.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.value === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = button.value;
    try {
      if (button.value === "auto") localStorage.removeItem("openhouse-theme");
      else localStorage.setItem("openhouse-theme", button.value);
    } catch {
      // Not kept then; it still holds for this page.
    }
    show();
  });
  show();
  group.hidden = false;
});

// Menus close when one looks elsewhere.
const closeMenus = (except) => each("[data-menu][open]", (menu) => {
  if (menu !== except) menu.open = false;
});
document.addEventListener("click", (event) => closeMenus(event.target.closest("[data-menu]")));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("[data-menu][open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// Questions before an act become dialogs; without this they unfold in place.
const ask = (details) => {
  const panel = details.querySelector(".confirm-panel");
  const dialog = document.createElement("dialog");
  const title = panel.querySelector(".confirm-title");
  title.id ||= `confirm-${Math.random().toString(36).slice(2)}`;
  dialog.className = "dialog";
  dialog.setAttribute("aria-labelledby", title.id);
  const cancel = document.createElement("button");
  cancel.type = "button";
  cancel.className = "btn btn-quiet";
  cancel.textContent = details.dataset.confirm;
  cancel.addEventListener("click", () => dialog.close());
  panel.querySelector("[data-confirm-actions]").append(cancel);
  dialog.append(panel);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  return dialog;
};
each("[data-confirm]", (details) => {
  let dialog;
  details.querySelector("summary").addEventListener("click", (event) => {
    event.preventDefault();
    dialog ??= ask(details);
    dialog.showModal();
  });
});

// Files can be dropped on their field.
each("[data-drop]", (zone) => {
  const input = zone.querySelector("input");
  zone.querySelector("[data-drop-hint]").hidden = false;
  const over = (yes) => zone.classList.toggle("drop-over", yes);
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    over(true);
  });
  zone.addEventListener("dragleave", (event) => {
    if (!zone.contains(event.relatedTarget)) over(false);
  });
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    over(false);
    const dropped = [...event.dataTransfer.files].slice(0, input.multiple ? undefined : 1);
    if (dropped.length === 0) return;
    const list = new DataTransfer();
    dropped.forEach((file) => list.items.add(file));
    input.files = list.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
});

// A form is sent once, however often the button is pressed. A download leaves
// the page where it is, so the lock opens again by itself.
const lockMs = 4000;
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  const button = event.submitter;
  button?.setAttribute("aria-busy", "true");
  setTimeout(() => unlock(form), lockMs);
});
const unlock = (form) => {
  delete form.dataset.sent;
  each("[aria-busy]", (button) => button.removeAttribute("aria-busy"), form);
};
addEventListener("pageshow", () => each("form[data-sent]", unlock));

// Regions that renew themselves until the server says that they are done.
const renew = async (region) => {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
  if (!answer.ok) throw new Error(String(answer.status));
  if (answer.redirected) {
    location.assign(answer.url);
    return false;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = page.getElementById(region.id);
  if (!next?.dataset.live) {
    location.reload();
    return false;
  }
  const focused = region.contains(document.activeElement) ? document.activeElement.id : "";
  region.replaceChildren(...next.childNodes);
  if (focused) document.getElementById(focused)?.focus();
  return true;
};
each("[data-live]", (region) => {
  const pause = Math.max(1, Number(region.dataset.live)) * 1000;
  let wait = pause;
  const turn = async () => {
    let again = true;
    try {
      if (!document.hidden) again = await renew(region);
      wait = pause;
    } catch {
      wait = Math.min(wait * 2, 30000); // the server is away; look less often
    }
    if (again) setTimeout(turn, wait);
  };
  setTimeout(turn, wait);
});

// "Back in a moment": load the page again when the server is there, and not
// before, so that a browser's own error page never takes its place.
each("[data-retry]", (page) => {
  const pause = Number(page.dataset.retry) * 1000;
  const turn = async () => {
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      if (answer.status < 500) {
        location.reload();
        return;
      }
    } catch {
      // No network: look again.
    }
    setTimeout(turn, pause);
  };
  setTimeout(turn, pause);
});
