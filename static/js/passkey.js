/* What django-allauth's passkey script leaves open: say in words that a passkey could not be made or used. */
"use strict";

(() => {
  function show(id) {
    const bar = document.getElementById(id);
    if (!bar) return;
    bar.hidden = false;
    bar.focus();
  }

  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    show("passkey-failed");
  });

  document.addEventListener("DOMContentLoaded", () => {
    if (window.PublicKeyCredential) return;
    document.querySelectorAll("[data-passkey]").forEach((button) => { button.disabled = true; });
    show("passkey-unsupported");
  });
})();
