/** A customer as somebody keeps them in a table: words, dates, money, and cells left empty. */
export type Customer = Readonly<Record<(typeof customerColumns)[number], string>>;

const customerColumns = [
  ...(["Customer No", "signed up", "plan", "monthly fee", "support calls"] as const),
  ...(["country", "paperless", "note", "churned"] as const),
] as const;

/** So many of them, the same every time; who calls often and pays much goes. */
export function someCustomers(count: number): Customer[] {
  let state = 11;
  const uniform = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const one = (of: readonly string[]) => of[Math.floor(of.length * uniform())]!;
  return Array.from({ length: count }, (_, i) => {
    const plan = one(["basic", "basic", "plus", "family"]);
    const fee = { basic: 19.9, plus: 34.5, family: 49 }[plan]! + Math.floor(4 * uniform());
    const calls = Math.floor(9 * uniform() ** 2);
    const score = 0.9 * calls + 0.06 * fee - 4.6 + 1.2 * (uniform() - 0.5);
    const month = `${1 + Math.floor(12 * uniform())}`.padStart(2, "0");
    return {
      "Customer No": `K-${10_000 + i}`,
      "signed up": `20${18 + Math.floor(7 * uniform())}-${month}-15`,
      plan,
      "monthly fee": uniform() < 0.03 ? "" : fee.toFixed(2),
      "support calls": `${calls}`,
      country: one(["DE", "AT", "CH", "NL"]),
      paperless: one(["yes", "no"]),
      note: uniform() < 0.1 ? "called, angry" : "",
      churned: score > 0 ? "yes" : "no",
    };
  });
}

/** Their table as CSV, without some columns. */
export function customersCsv(
  customers: readonly Customer[],
  without: readonly string[] = [],
): string {
  const columns = customerColumns.filter((name) => !without.includes(name));
  const cell = (text: string) => (text.includes(",") ? `"${text}"` : text);
  const lines = customers.map((one) => columns.map((name) => cell(one[name])).join(","));
  return `${columns.join(",")}\n${lines.join("\n")}\n`;
}
