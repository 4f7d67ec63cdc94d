const tailBytes = 4096;

/** The end of what an environment printed, as much as `x-amz-log-type: Tail` asks for. */
export function logTail(onOutput?: (text: string) => void) {
  let text = "";
  return {
    push(more: string): void {
      onOutput?.(more);
      text = (text + more).slice(-2 * tailBytes);
    },
    clear(): void {
      text = "";
    },
    sawHeapLimit: () => text.includes("heap out of memory"),
    /** The output between Lambda's own START, END and REPORT lines; at most 4 KB, base64. */
    report(requestId: string, figures: ReportFigures): string {
      const init =
        figures.initMs === undefined ? "" : `\tInit Duration: ${figures.initMs.toFixed(2)} ms`;
      const gap = text === "" || text.endsWith("\n") ? "" : "\n";
      const whole =
        `START RequestId: ${requestId} Version: $LATEST\n${text}${gap}` +
        `END RequestId: ${requestId}\n` +
        `REPORT RequestId: ${requestId}\tDuration: ${figures.durationMs.toFixed(2)} ms` +
        `\tBilled Duration: ${figures.billedMs} ms\tMemory Size: ${figures.memoryMb} MB` +
        `\tMax Memory Used: ${figures.usedMb} MB${init}\t\n`;
      const bytes = Buffer.from(whole);
      return bytes.subarray(Math.max(0, bytes.length - tailBytes)).toString("base64");
    },
  };
}

export interface ReportFigures {
  readonly durationMs: number;
  readonly billedMs: number;
  readonly memoryMb: number;
  readonly usedMb: number;
  readonly initMs: number | undefined;
}
