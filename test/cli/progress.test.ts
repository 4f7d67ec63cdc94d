import { beforeEach, describe, expect, it, vi } from "vitest";
import { progressView } from "../../src/cli/progress.ts";
import { table } from "../../src/cli/table.ts";
import type { Terminal } from "../../src/cli/terminal.ts";
import type { RunEvent } from "../../src/ports/events.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"], now: 0 });
});

/** A terminal whose live line is kept as it changes; the command was entered at 0. */
function liveTerminal() {
  const shown: string[] = [];
  const same = (text: string) => text;
  const terminal: Terminal = {
    out: () => undefined,
    err: () => undefined,
    write: async () => undefined,
    live: { show: (text) => void shown.push(text), clear: () => undefined },
    paint: { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same },
    home: "",
    enteredMs: 0,
    onInterrupt: () => () => undefined,
    exit: (code) => {
      throw new Error(`exit ${code}`);
    },
  };
  return { terminal, shown };
}

const started = (backend: string) => ({ type: "started", atMs: 0, backend }) as RunEvent;
const round = (number: number, slopeLeft: number) =>
  ({
    ...{ type: "round", atMs: 7_000 * number, startedMs: 0, round: number, counted: [] },
    ...{ objectiveEstimate: 1, gradientNorm: 1, slopeLeft, stepSize: 1 },
  }) satisfies RunEvent;

describe("the line of progress", () => {
  it("names its stage at once, also where reading has just been shown as done", () => {
    const { terminal, shown } = liveTerminal();
    const { onPhase, listen } = progressView(terminal, { rounds: 9 });
    onPhase("reading", 5, 10);
    onPhase("reading", 10, 10);
    onPhase("planning", 0, 0);
    expect(shown.at(-1)).toBe("planning");
    listen(started("emulated"));
    expect(shown.at(-1)).toMatch(/^starting workers {2}/);
    listen({ type: "stopped", atMs: 1, kind: "done", reason: "" } as RunEvent);
    expect(shown.at(-1)).toMatch(/^evaluating {2}/);
  });

  it("counts its time from Enter, a simulation's own beside it, a followed run's alone", () => {
    const lines = (backend: string, isFollowed: boolean) => {
      const { terminal, shown } = liveTerminal();
      vi.advanceTimersByTime(2_000);
      const { listen } = progressView(terminal, { rounds: 9 }, { isFollowed });
      listen(started(backend));
      vi.advanceTimersByTime(1_000);
      listen(round(1, 1));
      return shown.at(-1);
    };
    expect(lines("emulated", false)).toBe("round 2/9  objective ~ 1  3.00 s  0 erasures");
    expect(lines("simulated", false)).toContain("  6.00 s, 7.00 s simulated  ");
    expect(lines("emulated", true)).toContain("  7.00 s  ");
  });

  it("expects the end where the gradient comes to its tolerance", () => {
    const etaOf = (tolerance: number) => {
      const { terminal, shown } = liveTerminal();
      const { listen } = progressView(terminal, { rounds: 1_000, tolerance });
      listen(started("emulated"));
      for (let number = 0; number < 10; number++) {
        vi.advanceTimersByTime(1_000);
        // A tenth of it each round: 1e-9 of the first is reached in the tenth.
        listen(round(number, 10 ** -number));
      }
      return /ETA (.*)$/.exec(shown.at(-1)!)![1];
    };
    expect(etaOf(0)).toMatch(/ (min|h)/);
    expect(etaOf(1e-12)).toBe("3.00 s");
    expect(etaOf(1e-3)).toBe("0 s");
  });
});

describe("a table", () => {
  const head = ["run", "what", "rounds"];
  const rows = [
    ["2026-11-21-brisk-martin-790", "ridge, hadamard, fastest 12 of 16, l-bfgs", "30"],
    ["2026-11-21-fair-curlew-790", "logistic", "7"],
  ];
  const widest = (text: string) => Math.max(...text.split("\n").map((line) => line.length));

  it("stays as it is where nothing bounds it, and fits a terminal by wrapping texts", () => {
    const whole = table(head, rows, Number.POSITIVE_INFINITY);
    expect(whole.split("\n")).toHaveLength(3);
    const narrow = table(head, rows, 60);
    expect(widest(narrow)).toBeLessThanOrEqual(60);
    expect(narrow).toContain("2026-11-21-brisk-martin-790");
    expect(narrow.replace(/\s+/g, " ")).toContain("fastest 12");
  });

  it("becomes lists where even that is too wide", () => {
    const lists = table(head, rows, 30);
    expect(lists.split("\n\n")).toHaveLength(2);
    expect(lists).toMatch(/^run +2026-11-21-brisk-martin-790\nwhat +ridge/);
  });
});
