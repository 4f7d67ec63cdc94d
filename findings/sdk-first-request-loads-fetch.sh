#!/usr/bin/env bash
# A function bundled by esbuild, as SST and CDK do by default, comes to load Node's whole fetch (undici), HTTP/2
# and worker threads for the AWS SDK for JavaScript, which needs none of them: as an ES module when it starts, as
# CommonJS at its first request. The same program on node_modules loads none of it. The bundle keeps an import of
# node:http; an import of a built-in module reads each of its exports, and WebSocket is a getter that loads
# undici; require reads only what is used. It was 12 of the 35 ms of a cold function's first request to S3.
# Source: lib/http.js of Node (lazy properties), NodeHttpHandler of @smithy/node-http-handler.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --prefix "$dir" \
  node@24.21.0 @aws-sdk/client-s3@3.1169.0 esbuild@0.28.2
cd "$dir"
cat > function.js <<'JS'
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";

const { createServer } = process.getBuiltinModule("node:http");
const loaded = () => process.moduleLoadList.some((name) => name.endsWith("deps/undici/undici"));
const server = createServer((_request, response) => response.end("hello"));
server.listen(0, "127.0.0.1", async () => {
  const client = new S3Client({
    region: "us-east-1",
    endpoint: `http://127.0.0.1:${server.address().port}`,
    forcePathStyle: true,
    credentials: { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "example" },
  });
  const before = loaded();
  const { Body } = await client.send(new GetObjectCommand({ Bucket: "example", Key: "hello" }));
  const text = await Body.transformToString();
  console.log(`read ${text}; fetch loaded before: ${before}, after: ${loaded()}`);
  process.exit();
});
JS
common="--bundle --platform=node --target=node22 --main-fields=module,main --log-level=error"
banner='import { createRequire } from "node:module"; const require = createRequire(import.meta.url);'
npx esbuild function.js $common --format=esm --banner:js="$banner" --outfile=esm.mjs
npx esbuild function.js $common --format=cjs --outfile=cjs.cjs
npx esbuild function.js --format=cjs --packages=external --bundle --platform=node --outfile=plain.cjs \
  --log-level=error
echo "@aws-sdk/client-s3 3.1169.0, esbuild $(npx esbuild --version), Node $(node_modules/node/bin/node -v)"
as_module=$(node_modules/node/bin/node esm.mjs)
as_common=$(node_modules/node/bin/node cjs.cjs)
as_installed=$(node_modules/node/bin/node plain.cjs)
echo "as installed:    $as_installed"
echo "as an ES module: $as_module"
echo "as CommonJS:     $as_common"
if [[ $as_installed == *"before: false, after: false" &&
  $as_module == *"before: true, after: true" && $as_common == *"before: false, after: true" ]]; then
  echo "as described"
else
  echo "the behaviour changed"
  exit 1
fi
