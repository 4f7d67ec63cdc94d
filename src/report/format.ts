/**
 * Numbers as people read them, with their unit; a dash for what is not known (null or NaN: a
 * private run's objective, say), and ∞ for what has no bound.
 */

export function formatNumber(value: number | null, digits = 4): string {
  if (!isKnown(value)) return "–";
  if (!Number.isFinite(value)) return grouped(value, 0);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return value.toExponential(digits - 2);
  const decimals = size === 0 ? 0 : Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  return grouped(value, Number.isInteger(value) ? 0 : decimals);
}

export function formatCount(value: number): string {
  if (!isKnown(value)) return "–";
  return grouped(value, 0);
}

export function formatSeconds(seconds: number | null): string {
  if (!isKnown(seconds)) return "–";
  if (seconds >= 7200) return `${grouped(seconds / 3600, 1)} h`;
  if (seconds >= 600) return `${grouped(seconds / 60, 1)} min`;
  if (seconds >= 10 || seconds === 0) return `${grouped(seconds, seconds === 0 ? 0 : 1)} s`;
  return seconds >= 0.995 ? `${grouped(seconds, 2)} s` : formatMs(seconds * 1000);
}

export function formatMs(ms: number | null): string {
  if (!isKnown(ms)) return "–";
  if (ms >= 9_999.5) return `${grouped(ms / 1000, 1)} s`;
  return `${grouped(ms, ms < 10 ? 1 : 0)} ms`;
}

export function formatDollars(usd: number | null): string {
  if (!isKnown(usd)) return "–";
  if (usd === 0) return "$0";
  if (usd < 0.000_001) return "< $0.000001";
  const decimals = usd >= 1 ? 2 : Math.min(6, 2 - Math.floor(Math.log10(usd)));
  return `$${grouped(usd, decimals)}`;
}

/** Decimal units, as networks are billed. */
export function formatBytes(bytes: number | null): string {
  if (!isKnown(bytes)) return "–";
  if (bytes < 1000) return `${grouped(bytes, 0)} B`;
  for (const [size, unit] of [
    [1e9, "GB"],
    [1e6, "MB"],
    [1e3, "kB"],
  ] as const)
    if (bytes >= size) return `${grouped(bytes / size, bytes / size < 100 ? 1 : 0)} ${unit}`;
  return "–";
}

export function formatPercent(share: number): string {
  if (!isKnown(share)) return "–";
  const percent = share * 100;
  if (percent !== 0 && Math.abs(percent) < 0.01) return "< 0.01 %";
  const decimals = Math.abs(percent) >= 10 ? 0 : Math.abs(percent) >= 1 ? 1 : 2;
  return `${grouped(percent, percent === 0 ? 0 : decimals)} %`;
}

export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function isKnown(value: number | null): value is number {
  return value !== null && !Number.isNaN(value);
}

/**
 * As `toLocaleString` in English, which takes longer at its first number than all else of a report:
 * the decimal digits that stand for a number, halves rounded away from zero.
 */
function grouped(value: number, decimals: number): string {
  const [whole = "", fraction = ""] = String(Math.abs(value)).split(".");
  if (!/^\d+$/.test(whole) || /\D/.test(fraction)) return byLocale(value, decimals);
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const kept = whole + fraction.slice(0, decimals).padEnd(decimals, "0");
  const isUp = fraction.length > decimals && fraction[decimals]! >= "5";
  const digits = isUp ? String(BigInt(kept) + 1n).padStart(kept.length, "0") : kept;
  const point = digits.length - decimals;
  const thousands = digits.slice(0, point).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${sign}${thousands}${decimals === 0 ? "" : `.${digits.slice(point)}`}`;
}

/** Very large numbers, very small ones, and infinity. */
function byLocale(value: number, decimals: number): string {
  return value.toLocaleString("en-US", {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
}
