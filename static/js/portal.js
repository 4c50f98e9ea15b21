/*
 * The few things HTML and htmx do not do by themselves. Every page works without this file.
 *
 *   announce     one polite live region says results (HX-Trigger "announce", or [data-announce] in a swapped part)
 *   focus        after a swap the focus goes to the errors, to [autofocus], or to the new heading if it was lost
 *   overlays     a dialog[data-open] that arrives in #overlay opens; HX-Trigger "closeOverlay" closes it
 *   copy, dismiss, selection, search results, shortcuts, answers that never came
 */
"use strict";

(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const within = (selector, part) => (part.matches?.(selector) ? [part, ...$$(selector, part)] : $$(selector, part));

  /* ---- announce ---- */

  function announce(text) {
    const live = $("#live");
    if (!live || !text) return;
    live.textContent = "";
    setTimeout(() => { live.textContent = text; }, 50); // an unchanged text would not be read again
  }

  document.addEventListener("announce", (event) => announce(event.detail.value));

  /* ---- focus and overlays after a swap ---- */

  function focusIsLost() {
    return !document.activeElement || document.activeElement === document.body;
  }

  function moveFocus(part) {
    const wanted = within(".error-summary", part)[0] || within("[autofocus]", part)[0];
    if (wanted) {
      wanted.focus();
    } else if (focusIsLost()) {
      const heading = within("h1, h2, h3", part)[0];
      const place = heading || $("#content");
      if (place && !place.hasAttribute("tabindex")) place.tabIndex = -1;
      place?.focus({ preventScroll: !heading });
    }
  }

  function openOverlay(dialog) {
    dialog.removeAttribute("data-open");
    dialog.showModal();
    dialog.addEventListener("close", () => {
      if (dialog.parentElement?.id === "overlay") dialog.remove();
      if (focusIsLost()) $("#content")?.focus({ preventScroll: true }); // what opened it was swapped meanwhile
    });
  }

  function settle(part) {
    within("dialog[data-open]", part).forEach(openOverlay);
    within("[data-copy][hidden], [data-select-all][hidden]", part).forEach((control) => { control.hidden = false; });
    within("[data-selection]", part).forEach(showSelection);
  }

  document.addEventListener("htmx:load", (event) => settle(event.detail.elt));

  document.addEventListener("htmx:afterSettle", (event) => {
    const part = event.detail.elt;
    if (!part?.isConnected) return;
    if (part.id !== "search-results") moveFocus(part); // typing goes on while results arrive
    const told = within("[data-announce]", part)[0];
    if (told) announce(told.dataset.announce || told.textContent.trim());
  });

  document.addEventListener("closeOverlay", () => $$("#overlay > dialog[open]").forEach((dialog) => dialog.close()));

  /* ---- answers that never came, and whole pages where a part was asked for ---- */

  const messagesPlace = () => $("dialog[open] [data-messages]") || $("#messages");

  function showNoAnswer() {
    const place = messagesPlace();
    if (!place) return;
    place.replaceChildren($("#no-answer").content.cloneNode(true));
    place.scrollIntoView({ block: "nearest" });
  }

  ["htmx:sendError", "htmx:timeout"].forEach((name) => document.addEventListener(name, showNoAnswer));

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { detail } = event;
    if (!detail.boosted && /^\s*<!doctype/i.test(detail.serverResponse)) {
      const saysWhy = detail.isError && detail.serverResponse.includes('id="error"');
      detail.shouldSwap = saysWhy;
      if (saysWhy) Object.assign(detail, { target: $("#messages"), swapOverride: "innerHTML", selectOverride: "#error" });
      else if (!detail.isError) window.location.assign(detail.xhr.responseURL);
    }
    if (detail.target.id === "messages") detail.target = messagesPlace(); // what an open dialog hides is not read
    if (detail.isError && !detail.shouldSwap) showNoAnswer();
  });

  /* ---- clicks: copy, dismiss, commands that wait for a selection, dialogs in older browsers ---- */

  async function copy(button) {
    try {
      await navigator.clipboard.writeText(button.dataset.copy || document.getElementById(button.dataset.copyFrom).value);
    } catch {
      return; // the text stands beside the button and can be selected
    }
    button.dataset.copied = "";
    announce(button.dataset.copyDone);
    setTimeout(() => { delete button.dataset.copied; }, 2000);
  }

  function dismiss(button) {
    const bar = button.closest(button.dataset.dismiss);
    bar?.remove();
    if (focusIsLost()) $("#content")?.focus({ preventScroll: true });
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button, a");
    if (!button) return;
    if (button.dataset.copy !== undefined) copy(button);
    if (button.dataset.dismiss) dismiss(button);
    if (button.dataset.close !== undefined && button.closest("dialog[open]")) { // on a page of its own it is a link
      event.preventDefault();
      button.closest("dialog").close();
    }
    if (button.dataset.needs && button.getAttribute("aria-disabled") === "true") {
      event.preventDefault();
      const why = document.getElementById(button.getAttribute("aria-describedby"));
      why?.showPopover();
      announce(why?.textContent.trim());
    }
    if (button.getAttribute("command") === "show-modal" && !("command" in button)) {
      document.getElementById(button.getAttribute("commandfor"))?.showModal();
    }
    button.closest(".menu:popover-open, .collapsible:popover-open")?.matches(".menu") && button.type !== "submit" && button.closest(".menu").hidePopover();
  });

  /* ---- selection in lists ---- */

  function showSelection(list) {
    const rows = $$("[data-select-row]", list);
    const chosen = rows.filter((row) => row.checked).length;
    const all = $("[data-select-all]", list);
    if (all) {
      all.checked = rows.length > 0 && chosen === rows.length;
      all.indeterminate = chosen > 0 && chosen < rows.length;
    }
    const scope = list.closest("[data-selection-scope]") || list.closest("form, main") || document;
    $$("[data-needs]", scope).forEach((command) => {
      const enabled = command.dataset.needs === "one" ? chosen === 1 : chosen > 0;
      command.setAttribute("aria-disabled", String(!enabled));
    });
    $$("[data-selected-count]", scope).forEach((place) => {
      place.hidden = chosen === 0;
      place.textContent = place.dataset.selectedCount.replace("%s", chosen);
    });
  }

  document.addEventListener("change", (event) => {
    const list = event.target.closest("[data-selection]");
    if (!list) return;
    if (event.target.matches("[data-select-all]")) {
      $$("[data-select-row]", list).forEach((row) => { row.checked = event.target.checked; });
    }
    if (event.target.matches("[data-select-all], [data-select-row]")) showSelection(list);
  });

  /* ---- keys ---- */

  function isTyping(target) {
    return target.isContentEditable || target.matches("input:not([type=checkbox], [type=radio]), select, textarea");
  }

  function focusSearch(event) {
    const field = $("#search");
    if (!field?.offsetParent) return;
    event.preventDefault();
    field.focus();
    field.select();
  }

  function walkResults(event, search) {
    const field = $("input", search);
    const links = $$("a", search);
    const here = links.indexOf(document.activeElement);
    if (event.key === "Escape") {
      if (here >= 0) field.focus();
      else field.value = "";
      document.getElementById(field.getAttribute("aria-controls"))?.replaceChildren();
      event.preventDefault();
    } else if (links.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const next = event.key === "ArrowDown" ? here + 1 : here - 1;
      (links[next] || (next < 0 ? field : links[0])).focus();
      event.preventDefault();
    }
  }

  document.addEventListener("keydown", (event) => {
    const search = event.target.closest?.("[data-search]");
    if (search) walkResults(event, search);
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") focusSearch(event);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!("shortcuts" in document.body.dataset) || isTyping(event.target) || $("dialog[open]")) return;
    if (event.key === "/") focusSearch(event);
    if (event.key === "?") { event.preventDefault(); $("#shortcuts")?.showModal(); }
  });

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => settle(document));
  else settle(document);
})();
