#!/usr/bin/env bash
# Processes that start from one snapshot of Node's (--build-snapshot) draw the same ids after it, if one id was drawn
# before: crypto.randomUUID keeps random bytes for 128 ids in memory, ready for use. We guessed that, by Node's word on
# its cache, and that uuid and nanoid repeat as well, since both keep bytes of their own; of these only uuid's v4
# without options does, which calls randomUUID. Locks, idempotency keys and file names that are told apart by such ids
# are shared by every clone, so they are by environments that a platform resumes from an image of memory.
# randomUUID({ disableEntropyCache: true }) differs.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund node@24.21.0 esbuild@0.28.2 uuid@14.0.3 nanoid@6.0.2
node=node_modules/node/bin/node
cat > program.mjs <<'JS'
import { randomBytes, randomUUID } from "node:crypto";
import { startupSnapshot } from "node:v8";
import { nanoid } from "nanoid";
import { v4, v7 } from "uuid";

const ids = {
  "randomUUID()": () => randomUUID(),
  "uuid v4()": () => v4(),
  "randomUUID({ disableEntropyCache })": () => randomUUID({ disableEntropyCache: true }),
  "randomBytes(16)": () => randomBytes(16).toString("hex"),
  "uuid v7()": () => v7(),
  "nanoid()": () => nanoid(),
};
for (const draw of Object.values(ids)) draw();
startupSnapshot.setDeserializeMainFunction(() => {
  const drawn = Object.entries(ids).map(([name, draw]) => [name, draw()]);
  console.log(JSON.stringify(Object.fromEntries(drawn)));
});
JS
node_modules/.bin/esbuild program.mjs --bundle --platform=node --format=cjs --outfile=program.cjs --log-level=error
"$node" --snapshot-blob image --build-snapshot program.cjs 2> build.log || { cat build.log; exit 1; }
first=$("$node" --snapshot-blob image)
second=$("$node" --snapshot-blob image)
FIRST="$first" SECOND="$second" "$node" -e '
  const [one, other] = [process.env.FIRST, process.env.SECOND].map((text) => JSON.parse(text));
  const same = Object.keys(one).filter((name) => one[name] === other[name]);
  for (const name of Object.keys(one)) console.log(`${name}: ${one[name]} ${other[name]}`);
  const isAsWas = JSON.stringify(same) === JSON.stringify(["randomUUID()", "uuid v4()"]);
  console.log(isAsWas ? "two clones draw the same UUIDs" : `changed: the same are ${same}`);
  process.exit(isAsWas ? 0 : 1);
'
