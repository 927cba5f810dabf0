// Forms, made a little kinder. Everything here is optional: without it the forms work the same.

// A refused form is announced and focused first.
document.getElementById("error-summary")?.focus();

// A second press changes nothing, and the button says so. The server refuses doubles by itself.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    const button = event.submitter;
    if (!button) return;
    button.setAttribute("aria-disabled", "true");
    setTimeout(() => { button.dataset.label = button.textContent; button.textContent = "Saving…"; });
  });
}

// Coming back with the browser's button finds the form ready again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("button[data-label]")) {
    button.textContent = button.dataset.label;
    button.removeAttribute("aria-disabled");
  }
});

// Chosen files are listed with their sizes.
for (const input of document.querySelectorAll("input[type=file][data-list]")) {
  const list = document.createElement("ul");
  list.className = "plain chosen";
  list.setAttribute("aria-live", "polite");
  input.after(list);
  input.addEventListener("change", () => {
    list.replaceChildren(...[...input.files].map((file) => {
      const item = document.createElement("li");
      item.textContent = `${file.name}, ${(file.size / 1e6).toFixed(1)} MB`;
      return item;
    }));
  });
}

// A password can be looked at.
for (const input of document.querySelectorAll("input[type=password][data-reveal]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet reveal";
  button.setAttribute("aria-controls", input.id);
  const say = () => { button.textContent = input.type === "password" ? "Show password" : "Hide password"; };
  button.addEventListener("click", () => { input.type = input.type === "password" ? "text" : "password"; say(); });
  say();
  input.after(button);
}
