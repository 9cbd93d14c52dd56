"use strict";
// The console without inline script: small things the pages have in common.

document.addEventListener("click", (event) => {
  const button = event.target.closest(".menu-button");
  if (button) {
    const open = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!open));
    document.getElementById(button.getAttribute("aria-controls")).classList.toggle("open", !open);
  }
});

// A form that asks first: <form data-confirm="Really?">
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

// "/" puts the cursor into the page's search field.
document.addEventListener("keydown", (event) => {
  const field = document.querySelector("[data-search]");
  const writing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
  if (event.key === "/" && field && !writing) {
    event.preventDefault();
    field.focus();
  }
});

// What the server says in passing: the header HX-Trigger: {"notice": "text"}
document.addEventListener("notice", (event) => {
  const place = document.getElementById("notice");
  place.textContent = event.detail.value;
  window.setTimeout(() => { place.textContent = ""; }, 6000);
});
