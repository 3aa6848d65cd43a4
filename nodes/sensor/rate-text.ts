/** What the status says of readings that come: their rate, where it is known, and how many were dropped, where some were. */
export function rateText(
  text: (key: string, values?: Record<string, string | number>) => string,
  { name, rateHz, dropped }: { name: string; rateHz: number | undefined; dropped: number },
): string {
  const said =
    rateHz === undefined
      ? text("status.reading", { name })
      : text("status.rate", { name, rate: Number(rateHz.toPrecision(3)) });
  return dropped === 0 ? said : text("status.dropped", { said, dropped });
}
