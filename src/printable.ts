// Control characters (C0, DEL, C1) and halves of surrogate pairs; the former can steer a terminal, the latter survive no file.
const faulty = /[\p{Cc}\p{Cs}]/u;

/** Whether a name or label has no control characters (line breaks and tabs are some) and is well-formed Unicode. */
export function isPrintable(text: string): boolean {
  return !faulty.test(text);
}

/** Says of a text what isPrintable found, behind its name. */
export const unprintable = "which has control characters (a line break, a tab, …) or broken Unicode";

/** A text in quotes, the start of it, with escapes for all that is not printable. */
export function showUnprintable(text: string): string {
  return escapeUnprintable(JSON.stringify(text.slice(0, 40)));
}

/** The text with escapes such as \\u001b in place of what is not printable. */
export function escapeUnprintable(text: string): string {
  return text.replace(new RegExp(faulty, "gu"), (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
