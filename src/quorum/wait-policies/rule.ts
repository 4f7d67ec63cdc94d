/** When one quorum is complete. Plain data, part of the state it belongs to. */
export interface WaitRule {
  /** Below this many replies nothing moves. */
  readonly needed: number;
  /** With this many it closes at once. */
  readonly enough: number;
  /** After this long it closes as soon as `needed` are there. */
  readonly deadlineMs: number;
  /** It closes at this multiple of the time that the `needed`-th reply took, if that is earlier. */
  readonly stretch?: number;
  /** It closes with fewer than `needed` when nothing has come for too long; absent: never. */
  readonly desertion?: StarvationRule;
  /** Slots that take far longer than others get a copy of their task. */
  readonly copies?: BackupRule;
}

export interface BackupRule {
  readonly workers: number;
  /** So many replies must be there first. */
  readonly afterReplies: number;
  /** A task is copied when it runs longer than this multiple of the replies' median. */
  readonly factor: number;
  /** No task that has run for less is copied. */
  readonly minimumMs: number;
}

export interface StarvationRule {
  /** Too long is this multiple of the time that the last reply took. */
  readonly factor: number;
  /** And at least this. */
  readonly minimumMs: number;
}
