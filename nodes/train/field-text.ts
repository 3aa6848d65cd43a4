import { numberOf, storedSettings } from "../settings";
import type { LayerField } from "./layer-fields";

/** A setting's value as its field in the dialog shows it; "" where the layer says nothing. */
export function textOfValue(value: unknown): string {
  if (value === undefined || value === null) return "";
  return Array.isArray(value) ? value.flat().join(", ") : String(value);
}

/** The value that a text in the dialog stands for: undefined for none, and the text itself where it can't be read. */
export function valueOfText({ kind }: LayerField, text: string): unknown {
  const written = text.trim();
  if (written === "") return undefined;
  switch (kind.type) {
    case "whole":
    case "number":
      return numberOf(written) ?? written;
    case "sizes":
    case "shape": {
      const numbers = written.split(/[\s,×x]+/).map((part) => numberOf(part));
      if (numbers.includes(undefined)) return written;
      if (kind.type === "shape") return numbers;
      const [first, second, third, fourth] = numbers;
      if (numbers.length === 1) return first;
      return numbers.length === 4
        ? [
            [first, second],
            [third, fourth],
          ]
        : numbers;
    }
    case "names":
      return written
        .split(",")
        .map((name) => name.trim())
        .filter((name) => name !== "");
    case "flag":
      return written === "true" ? true : written === "false" ? false : written;
    default:
      return written;
  }
}

/** What a setting's value must be, in words; undefined where it is right. */
export function faultOfValue({ kind }: LayerField, value: unknown): string | undefined {
  switch (kind.type) {
    case "whole": {
      const { minimum, maximum } = kind;
      if (isWhole(value, minimum) && value <= maximum) return undefined;
      return Number.isFinite(minimum) ? `a whole number from ${minimum} to ${maximum}` : "a whole number";
    }
    case "sizes": {
      const { minimum, counts } = kind;
      const numbers: unknown[] = Array.isArray(value) ? value.flat() : [value];
      const fits = counts.includes(numbers.length) && numbers.every((number) => isWhole(number, minimum));
      const more = counts.slice(1).join(" or ");
      return fits ? undefined : `a whole number from ${minimum} up, or ${more} of them with commas between`;
    }
    case "shape": {
      const fits = Array.isArray(value) && value.length > 0 && value.every((number) => isWhole(number, 1));
      return fits ? undefined : "whole numbers from 1 up with commas between, such as 28, 28, 1";
    }
    case "number": {
      const { minimum = -Infinity, below = Infinity, above = -Infinity } = kind;
      const fits =
        typeof value === "number" && Number.isFinite(value) && value >= minimum && value < below && value > above;
      if (fits) return undefined;
      if (Number.isFinite(above)) return `a number above ${above}`;
      return Number.isFinite(below) ? `a number from ${minimum} to less than ${below}` : `a number from ${minimum} up`;
    }
    case "choice":
      return kind.choices.some((choice) => choice === value) ? undefined : `one of ${kind.choices.join(", ")}`;
    case "flag":
      return typeof value === "boolean" ? undefined : "yes or no";
    case "text":
      return typeof value === "string" && value !== "" ? undefined : "a text";
    case "names": {
      const fits = Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === "string");
      return fits ? undefined : "names of layers with commas between";
    }
    case "regularizer": {
      const fits =
        typeof value === "object" &&
        value !== null &&
        Object.entries(storedSettings(value)).every(
          ([key, number]) => ["l1", "l2"].includes(key) && typeof number === "number" && number >= 0,
        );
      return fits ? undefined : "factors l1 and l2, numbers from 0 up";
    }
  }
}

function isWhole(value: unknown, minimum: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= minimum;
}
