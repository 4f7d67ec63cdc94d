// Made by `npm run docs` from the registries: edit those, not this file.

interface WeatherChoiceCommon {
  /** The share of invocations whose environment crashes, half each before and after. */
  readonly failures?: number | string | undefined;
  /** The share that stays silent until its time-out. */
  readonly hangs?: number | string | undefined;
  /** The share that is run twice. */
  readonly duplicates?: number | string | undefined;
  /** Slots whose environments always crash before the work. */
  readonly deadSlots?: readonly (number)[] | undefined;
  /**
   * The median time a cold start takes at least, log-normal with 13 % spread. At least 0, at
   * most 60000. Default: 0.
   */
  readonly coldStartMs?: number | undefined;
  /**
   * Simulated runs: what a task takes besides its lateness and its computing. At least 0, at
   * most 900000. Default: 8.
   */
  readonly baseMs?: number | undefined;
  /**
   * Simulated runs: what computing takes for every million stored numbers. At least 0. Default:
   * 1.5.
   */
  readonly workMsPerMillion?: number | undefined;
  /**
   * Megabytes of the worker's functions; those of the deployed ones where absent. At least 128,
   * at most 10240.
   */
  readonly memoryMb?: number | undefined;
  /** The share of S3 requests answered 503, 500, 409 (conditional writes) or reset. */
  readonly s3Errors?: number | string | undefined;
}

/** Additive lateness as fitted to published Lambda traces; no bursts. */
interface LambdaWeather extends WeatherChoiceCommon {
  readonly model?: "lambda";
}

/** No delays. */
interface CalmWeather extends WeatherChoiceCommon {
  readonly model: "calm";
}

/** A task is late by exactly `delayMs`, with a probability of its own. */
interface LateWeather extends WeatherChoiceCommon {
  readonly model: "late";
  /** The share of tasks that are late. */
  readonly probability?: number | string | undefined;
  /** How late they are. At least 0, at most 900000. Default: 1000. */
  readonly delayMs?: number | undefined;
}

/** Quantiles of measured lateness, bursts in the tail: convolutional network, one region. */
interface LambdaTraceAWeather extends WeatherChoiceCommon {
  readonly model: "lambda-trace-a";
}

/** Quantiles of measured lateness, bursts in the tail: convolutional network, four regions. */
interface LambdaTraceBWeather extends WeatherChoiceCommon {
  readonly model: "lambda-trace-b";
}

/** Quantiles of measured lateness, bursts in the tail: ResNet-18, bound by its file system. */
interface LambdaTraceCWeather extends WeatherChoiceCommon {
  readonly model: "lambda-trace-c";
}

/** A fixed delay plus an exponential one, memoryless. */
interface ExponentialWeather extends WeatherChoiceCommon {
  readonly model: "exponential";
  /** The exponential part's mean. At least 0, at most 900000. Default: 100. */
  readonly meanMs?: number | undefined;
  /** What every task waits. At least 0, at most 900000. Default: 0. */
  readonly shiftMs?: number | undefined;
}

/** Heavy tails: at least `scaleMs`, and P(delay > x) = (scaleMs / x)^shape. */
interface ParetoWeather extends WeatherChoiceCommon {
  readonly model: "pareto";
  /** The least delay. At least 0, at most 900000. Default: 50. */
  readonly scaleMs?: number | undefined;
  /** The tail's exponent. At most 100. Default: 1.5. */
  readonly shape?: number | undefined;
}

/** A fast and a slow normal delay, truncated at 0, drawn anew for every task. */
interface BimodalWeather extends WeatherChoiceCommon {
  readonly model: "bimodal";
  /** The share of slow tasks. */
  readonly slow?: number | string | undefined;
  /** The fast mean. At least 0, at most 900000. Default: 500. */
  readonly fastMs?: number | undefined;
  /** The fast standard deviation. At least 0, at most 900000. Default: 200. */
  readonly fastDeviationMs?: number | undefined;
  /** The slow mean. At least 0, at most 900000. Default: 20000. */
  readonly slowMs?: number | undefined;
  /** The slow standard deviation. At least 0, at most 900000. Default: 5000. */
  readonly slowDeviationMs?: number | undefined;
}

/** Some slots are slow for ever: each has background tasks whose number is a power law. */
interface PersistentWeather extends WeatherChoiceCommon {
  readonly model: "persistent";
  /** The delay one background task adds. At least 0, at most 60000. Default: 20. */
  readonly taskMs?: number | undefined;
  /** P(number = n) falls as n^-exponent. At most 10. Default: 1.5. */
  readonly exponent?: number | undefined;
  /** The largest number. At least 1, at most 1000. Default: 50. */
  readonly tasksMax?: number | undefined;
  /**
   * How far a task's time varies, relative to its mean. At least 0, at most 1. Default: 0.2.
   */
  readonly jitter?: number | undefined;
}

/** Rounds are calm or stormy by a two-state Markov chain; storms hit a share of the slots. */
interface BurstsWeather extends WeatherChoiceCommon {
  readonly model: "bursts";
  /** The chance that a storm follows a calm round. */
  readonly begin?: number | string | undefined;
  /** The chance that a calm round follows a storm. */
  readonly end?: number | string | undefined;
  /** The share of slots that a stormy round hits. */
  readonly slots?: number | string | undefined;
  /** How late those tasks are. At least 0, at most 900000. Default: 1000. */
  readonly delayMs?: number | undefined;
  /** The mean delay of all others. At least 0, at most 900000. Default: 20. */
  readonly calmMs?: number | undefined;
}

/** Replays given delays: one list a round, one delay a slot, both from the start again. */
interface TraceWeather extends WeatherChoiceCommon {
  readonly model: "trace";
  /** A list of delays for every round. */
  readonly delaysMs: readonly (readonly (number)[])[];
}

/** How the emulated platform behaves. */
export type WeatherChoice =
  | LambdaWeather
  | CalmWeather
  | LateWeather
  | LambdaTraceAWeather
  | LambdaTraceBWeather
  | LambdaTraceCWeather
  | ExponentialWeather
  | ParetoWeather
  | BimodalWeather
  | PersistentWeather
  | BurstsWeather
  | TraceWeather;
