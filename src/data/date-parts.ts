const msPerDay = 86_400_000;

/** What a point in time is made of, in the order in which it becomes features. */
export const datePartNames = ["days", "year", "month", "day", "weekday", "hour", "minute"] as const;
export type DatePart = (typeof datePartNames)[number];
/** Parts that a date without a time has. */
export const dayParts: readonly DatePart[] = datePartNames.slice(0, 5);

/**
 * Writes the parts of days since 1970-01-01 to `out`, in the order of `datePartNames`: the days
 * themselves, year, month from 1, day of the month, weekday from Monday as 1 to Sunday as 7, hour
 * and minute in UTC. All are NaN for NaN. Equals `Date`, without making one.
 */
export function writeDateParts(days: number, out: Float64Array): void {
  const ms = Math.round(days * msPerDay);
  const whole = Math.floor(ms / msPerDay);
  // Years that begin in March, in cycles of 400 years: a leap day ends its year.
  const shifted = whole + 719_468;
  const cycle = Math.floor(shifted / 146_097);
  const dayOfCycle = shifted - cycle * 146_097;
  const leaps =
    Math.floor(dayOfCycle / 36_524) -
    Math.floor(dayOfCycle / 1_460) -
    Math.floor(dayOfCycle / 146_096);
  const yearOfCycle = Math.floor((dayOfCycle + leaps) / 365);
  const century = Math.floor(yearOfCycle / 100);
  const dayOfYear = dayOfCycle - (365 * yearOfCycle + Math.floor(yearOfCycle / 4) - century);
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const isNextYear = monthFromMarch >= 10;
  const minutes = Math.floor((ms - whole * msPerDay) / 60_000);
  const hour = Math.floor(minutes / 60);
  out[0] = days;
  out[1] = yearOfCycle + 400 * cycle + (isNextYear ? 1 : 0);
  out[2] = monthFromMarch + (isNextYear ? -9 : 3);
  out[3] = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const fromMonday = whole + 3;
  out[4] = fromMonday - 7 * Math.floor(fromMonday / 7) + 1;
  out[5] = hour;
  out[6] = minutes - 60 * hour;
}
