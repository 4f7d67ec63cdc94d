const day = /^(\d{4})([-/])(\d\d)\2(\d\d)$/;
const time = /^[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:Z|\s?([+-])(\d\d)(?::?(\d\d))?)?$/;
const msPerDay = 86_400_000;

/**
 * Days since 1970-01-01 of a date, or of a date and a time, as ISO 8601 and the libraries of tables
 * write them: `2024-01-31`, `2024/01/31`, `2024-01-31 12:30:00.5`, `2024-01-31T12:30Z`. Times are
 * UTC unless they name a zone, and whole milliseconds. Undefined for any other text, 2024-02-30
 * too.
 */
export function daysIn(text: string): number | undefined {
  const trimmed = text.trim();
  const midnight = midnightOf(trimmed.slice(0, 10));
  if (midnight === undefined) return undefined;
  if (trimmed.length === 10) return daysOf(midnight);
  const match = time.exec(trimmed.slice(10));
  if (match === null) return undefined;
  const [, hour, minute, second = "0", fraction = "", sign, zoneHour = "0", zoneMinute = "0"] =
    match;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const ms = msOf(hour!, minute!) + Number(second) * 1000;
  const zone = msOf(zoneHour, zoneMinute) * (sign === "-" ? -1 : 1);
  return daysOf(midnight + ms + Number(fraction.slice(0, 3).padEnd(3, "0")) - zone);
}

/** Days since 1970-01-01 of milliseconds since then. */
export function daysOf(ms: number): number {
  return ms / msPerDay;
}

/** The date of a number of days since 1970-01-01, as `2024-01-31`. */
export function dateOf(days: number): string {
  return new Date(Math.floor(days) * msPerDay).toISOString().slice(0, 10);
}

function msOf(hours: string, minutes: string): number {
  return (Number(hours) * 60 + Number(minutes)) * 60_000;
}

function midnightOf(text: string): number | undefined {
  const match = day.exec(text);
  if (match === null) return undefined;
  const [year, month, date] = [match[1], match[3], match[4]].map(Number);
  const midnight = new Date(0);
  midnight.setUTCFullYear(year!, month! - 1, date);
  const isThere = midnight.getUTCMonth() === month! - 1 && midnight.getUTCDate() === date;
  return isThere ? midnight.getTime() : undefined;
}
