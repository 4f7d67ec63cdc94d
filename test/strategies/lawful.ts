import { isDeepStrictEqual } from "node:util";
import type { Slotted } from "../../src/ports/compute.ts";
import type { Arrival, Step, Strategy } from "../../src/run/strategy.ts";
import { fromPacket, toPacket } from "../../src/wire/packet.ts";

/**
 * A strategy that is watched while it runs: throws at the first breach of a law of
 * `src/run/strategy.ts`. Between any two steps the state goes through its bytes, as if the run had
 * been resumed there.
 */
export function lawful<State extends object, Task extends Slotted, Result>(
  strategy: Strategy<State, Task, Result>,
): Strategy<State, Task, Result> {
  const everStarted = new Map<string, Task>();

  const wantedOf = (state: State): readonly Task[] => {
    const wanted = untouched("wanted", state, () => strategy.wanted(state));
    same("wanted twice", wanted, strategy.wanted(state));
    const ids = new Set(wanted.map((task) => task.id));
    breach(ids.size !== wanted.length, "two wanted tasks share a name");
    for (const task of wanted) {
      const before = everStarted.get(task.id);
      if (before !== undefined) same(`task ${task.id} asks for other things`, before, task);
      everStarted.set(task.id, task);
    }
    return wanted;
  };

  const onwards = (what: string, state: State): State => {
    const reborn = fromPacket<State>(toPacket(state));
    same(`${what}: the state as a checkpoint`, state, reborn);
    same(`${what}: wanted after a checkpoint`, strategy.wanted(state), strategy.wanted(reborn));
    return frozen(reborn);
  };

  const receive = (state: State, arrival: Arrival<Task, Result>, atMs: number): Step<State> => {
    if (arrival.kind === "reply") {
      const task = strategy.wanted(state).find((one) => one.id === arrival.task.id);
      breach(task === undefined, `${arrival.task.id} was received but is not wanted`);
      same(`${arrival.task.id} as it is wanted`, task, arrival.task);
    }
    const step = untouched("receive", state, () => strategy.receive(state, arrival, atMs));
    same("receive twice", step, strategy.receive(state, arrival, atMs));
    return { ...step, state: onwards("receive", step.state) };
  };

  return {
    start() {
      const state = strategy.start();
      same("start twice", state, strategy.start());
      return onwards("start", state);
    },
    wanted: wantedOf,
    receive,
    ...(strategy.resume === undefined
      ? {}
      : {
          resume(state: State, atMs: number) {
            everStarted.clear();
            const back = untouched("resume", state, () => strategy.resume!(state, atMs));
            same("resume twice", back, strategy.resume!(state, atMs));
            return onwards("resume", back);
          },
        }),
    ...(strategy.wakeAtMs === undefined
      ? {}
      : {
          wakeAtMs(state: State) {
            const at = untouched("wakeAtMs", state, () => strategy.wakeAtMs!(state));
            breach(at !== strategy.wakeAtMs!(state), "wakeAtMs depends on more than the state");
            return at;
          },
        }),
  };
}

function untouched<State extends object, Value>(
  what: string,
  state: State,
  act: () => Value,
): Value {
  const before = toPacket(state);
  const value = act();
  breach(!Buffer.from(before).equals(toPacket(state)), `${what} changed the state it was given`);
  return value;
}

function same(what: string, a: unknown, b: unknown): void {
  breach(!isDeepStrictEqual(a, b), `${what}: it is not the same`);
}

function breach(isBroken: boolean, law: string): void {
  if (isBroken) throw new Error(`unlawful strategy: ${law}`);
}

/** Arrays of numbers cannot be frozen; `untouched` watches those. */
function frozen<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) frozen(item);
  }
  return value;
}
