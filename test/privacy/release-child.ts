import type { Store } from "../../src/ports/store.ts";
import { s3Client, s3Store } from "../../src/storage/s3.ts";
import { gossip } from "../../src/strategies/gossip/strategy.ts";
import type { ConsensusStepTask } from "../../src/tasks/consensus-step.ts";
import { sceneOf } from "../strategies/gossip/scene.ts";

/**
 * A node's function: performs the first rounds' tasks one after another until it is killed by
 * SIGKILL at the instant it is told; prints every reply it gets to give.
 */
const [endpoint, run, from, killedAt] = process.argv.slice(2) as [string, string, string, string];
const client = s3Client({
  endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
});
const inner = s3Store({ bucket: "killed", client });
let round = Number(from);
let isArmed = false;

const die = (instant: string, key = "") => {
  const what = key.startsWith("secrets/")
    ? "secret"
    : key.includes("/committed/")
      ? "commit"
      : key.includes("/ledger/")
        ? "ledger"
        : "message";
  const name = key === "" ? instant : `${instant}-${what}`;
  if (isArmed && name === killedAt) process.kill(process.pid, "SIGKILL");
};

const store: Store = {
  ...inner,
  async writeOnce(key, bytes) {
    die("before", key);
    const isFirst = await inner.writeOnce(key, bytes);
    die("after", key);
    return isFirst;
  },
};

const { plan, perform } = sceneOf({ nodes: 1, graph: "complete", rounds: 30, store, run });
const first = gossip(plan).wanted(gossip(plan).start())[0] as ConsensusStepTask;
for (; round <= 30; round++) {
  const { rule, noise } = plan.messages[round - 1]![0]!;
  const values = (await perform({ ...first, round, rule, noise })).values;
  die("returning");
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  process.stdout.write(`${round} ${bytes.toString("hex")}\n`);
  // What was left half done is finished first; the next round is the one to die in.
  isArmed = true;
}
client.destroy();
