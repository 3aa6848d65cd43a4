/** Names that Windows keeps for devices; a folder can't have them. */
const deviceNames = /^(con|prn|aux|nul|com\d|lpt\d)$/i;

/**
 * A name that the Arduino tools accept for a sketch and its folder, made from any text: letters, digits and _, beginning
 * with a letter, at most 63 characters.
 */
export function sketchName(text: string): string {
  const plain = text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[^A-Za-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
  if (plain === "") return "tinyml_sketch";
  const safe = /^[A-Za-z]/.test(plain) && !deviceNames.test(plain) ? plain : `sketch_${plain}`;
  return safe.slice(0, 63).replace(/_+$/, "");
}
