import * as v from "valibot";

/* The kinds of numbers that settings of recipes are. */

export const wholeNumber = (minimum: number, maximum: number) => {
  const wanted = `a whole number from ${minimum} to ${maximum} is needed`;
  return v.pipe(v.number(wanted), v.integer(wanted), v.minValue(minimum, wanted), v.maxValue(maximum, wanted));
};

export const positive = v.pipe(
  v.number("a number above 0 is needed"),
  v.finite("a number above 0 is needed"),
  v.gtValue(0, "a number above 0 is needed"),
);

export const notNegative = v.pipe(
  v.number("a number from 0 is needed"),
  v.finite("a number from 0 is needed"),
  v.minValue(0, "a number from 0 is needed"),
);

/** 0 ≤ x < 1 */
export const fraction = v.pipe(
  v.number("a number from 0 to less than 1 is needed"),
  v.minValue(0, "a number from 0 to less than 1 is needed"),
  v.ltValue(1, "a number from 0 to less than 1 is needed"),
);

/** 0 < x < 1 */
export const share = v.pipe(
  v.number("a share above 0 and below 1 is needed"),
  v.gtValue(0, "a share above 0 and below 1 is needed"),
  v.ltValue(1, "a share above 0 and below 1 is needed"),
);
