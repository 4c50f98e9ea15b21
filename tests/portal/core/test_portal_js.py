"""What portal.js does, in a real browser: focus, announcements, overlays, selection, keys, and life without it."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def focused(page) -> str:
    return page.evaluate(
        "document.activeElement.id || document.activeElement.innerText || document.activeElement.tagName"
    )


def test_the_first_tab_stop_leads_past_the_shell(look_at):
    page = look_at("/sample/")

    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    page.keyboard.press("Enter")
    assert focused(page) == "content"


def test_a_panel_opens_takes_the_focus_and_gives_it_back(look_at):
    page = look_at("/sample/")

    page.get_by_role("button", name="Panel").click()
    expect(page.get_by_role("dialog", name="Manage tags")).to_be_visible()
    expect(page.locator("#tags-title")).to_be_focused()
    expect(page.locator("dialog:modal")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#overlay > *")).to_have_count(0)
    assert focused(page) == "Panel"


def test_the_event_close_overlay_closes_the_panel(look_at):
    page = look_at("/sample/")

    page.get_by_role("button", name="Panel").click()
    expect(page.get_by_role("dialog", name="Manage tags")).to_be_visible()
    page.evaluate("document.body.dispatchEvent(new CustomEvent('closeOverlay', {bubbles: true}))")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_errors_of_a_form_take_the_focus_and_lead_to_the_field(look_at):
    page = look_at("/sample/")

    page.get_by_role("button", name="Send").click()
    expect(page.locator(".error-summary")).to_be_focused()
    page.get_by_role("link", name="Company name: This field is required.").click()
    expect(page.get_by_label("Company name")).to_be_focused()
    expect(page.locator("#messages .message-bar")).to_have_count(0)


def test_after_a_swap_that_took_the_focus_away_it_goes_to_the_new_heading(look_at):
    page = look_at("/sample/")

    page.get_by_label("Company name").fill("Contoso")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Request sent")).to_be_focused()


def test_a_result_is_announced_once_and_the_focus_stays(look_at):
    page = look_at("/sample/")

    page.get_by_role("button", name="Tell").click()
    expect(page.locator("#live")).to_have_text("2 customers found")
    assert focused(page) == "Tell"


def test_the_server_announces_by_an_event(look_at):
    page = look_at("/sample/")

    page.evaluate(
        "document.body.dispatchEvent(new CustomEvent('announce', {bubbles: true, detail: {value: '3 results'}}))"
    )
    expect(page.locator("#live")).to_have_text("3 results")


def test_a_page_that_does_not_exist_is_told_in_the_messages_and_not_put_into_the_part(look_at):
    page = look_at("/sample/")

    page.get_by_role("button", name="Missing", exact=True).click()
    expect(page.locator("#messages")).to_contain_text("This page does not exist")
    expect(page.locator("#messages .topbar")).to_have_count(0)
    expect(page.locator("#part form")).to_have_count(1)


def test_what_goes_wrong_in_a_dialog_is_told_in_the_dialog(look_at):
    page = look_at("/sample/")

    page.get_by_role("button", name="Panel").click()
    page.get_by_role("button", name="Missing too").click()
    expect(page.get_by_role("dialog").get_by_text("This page does not exist")).to_be_visible()


def test_an_answer_that_cannot_be_used_is_told(look_at):
    page = look_at("/sample/")

    page.get_by_role("button", name="Broken").click()
    expect(page.locator("#messages [role=alert]")).to_contain_text("There was no usable answer")
    expect(page.locator("#part form")).to_have_count(1)


def test_a_lost_connection_is_told(look_at):
    page = look_at("/sample/")

    page.context.set_offline(True)
    page.get_by_role("button", name="Tell").click()
    expect(page.locator("#messages [role=alert]")).to_contain_text("Check your connection")


def test_selection_frees_the_commands_that_need_it(look_at):
    page = look_at("/sample/")
    tag, order = page.get_by_role("button", name="Tag"), page.get_by_role("button", name="Buy")

    expect(tag).to_have_attribute("aria-disabled", "true")
    page.get_by_label("Contoso").check()
    expect(tag).to_have_attribute("aria-disabled", "false")
    expect(order).to_have_attribute("aria-disabled", "false")
    expect(page.get_by_text("1 selected")).to_be_visible()
    page.get_by_label("Select all rows").check()
    expect(page.get_by_label("Fabrikam")).to_be_checked()
    expect(order).to_have_attribute("aria-disabled", "true")
    order.click(force=True)
    assert "order=1" not in page.url
    expect(page.get_by_text("First choose one row of the list.").first).to_be_visible()


def test_a_message_can_be_dismissed_by_keyboard_without_losing_the_focus(look_at):
    page = look_at("/sample/")

    page.get_by_role("button", name="Dismiss").press("Enter")
    expect(page.get_by_text("Stored.")).to_have_count(0)
    assert focused(page) == "content"


def test_an_id_is_copied_and_said_so(look_at):
    page = look_at("/sample/", permissions=["clipboard-read", "clipboard-write"])

    page.get_by_role("button", name="Copy Microsoft ID").click()
    expect(page.locator("#live")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "8c1f6d2e"


def test_keys_reach_the_search_box_and_the_list_of_keys(look_at):
    page = look_at("/sample/")

    page.keyboard.press("/")
    assert focused(page) == "search"
    page.keyboard.type("/?")
    assert page.get_by_role("searchbox").first.input_value() == "/?"
    page.get_by_role("button", name="Tell").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    assert focused(page) == "search"


def test_search_results_are_walked_with_the_arrow_keys_and_left_with_escape(look_at):
    page = look_at("/sample/")

    page.get_by_role("searchbox", name="Search the portal").type("con")
    expect(page.get_by_role("link", name="Second")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert focused(page) == "Second"
    page.keyboard.press("Escape")
    assert focused(page) == "search"
    expect(page.get_by_role("link", name="Second")).to_have_count(0)


def test_single_keys_can_be_switched_off_but_control_k_stays(look_at):
    page = look_at("/sample/?quiet")

    page.keyboard.press("/")
    page.keyboard.press("?")
    assert focused(page) != "search"
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Control+k")
    assert focused(page) == "search"


@pytest.mark.parametrize("javascript", [True, False])
def test_menus_open_and_close_by_keyboard_with_and_without_script(look_at, javascript):
    page = look_at("/sample/", java_script_enabled=javascript)

    for button, item in (
        ("Workspaces", "Customers"),
        ("Account of Elin Berg", "My profile"),
        ("Help", "Help and support"),
    ):
        page.get_by_role("button", name=button).press("Enter")
        expect(page.get_by_role("link", name=item).locator("visible=true").first).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator(":popover-open")).to_have_count(0)
        expect(page.get_by_role("button", name=button)).to_be_focused()


def test_without_script_nothing_useless_is_shown_and_the_form_is_sent(look_at):
    page = look_at("/sample/", java_script_enabled=False)

    expect(page.get_by_label("Select all rows")).to_be_hidden()
    expect(page.get_by_role("button", name=re.compile("Copy"))).to_have_count(0)
    page.get_by_label("Company name").fill("Contoso")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Request sent")).to_be_visible()


def test_the_left_navigation_is_a_fly_out_on_a_narrow_screen(look_at):
    page = look_at("/sample/", width=800)

    expect(page.get_by_role("link", name="Customer list")).to_be_hidden()
    page.locator(".strip").get_by_role("button", name="Customers").click()
    expect(page.get_by_role("link", name="Customer list")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Customer list")).to_be_hidden()
