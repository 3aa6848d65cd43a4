import { sharedText } from "../browser.editor";

/** A small button with an icon and a text of the catalogue. */
export function iconButton(key: string, icon: string, press: () => void): JQuery {
  return $('<button type="button" class="red-ui-button red-ui-button-small">')
    .append($(`<i class="fa ${icon}" aria-hidden="true">`), document.createTextNode(` ${sharedText(key)}`))
    .on("click", press);
}
