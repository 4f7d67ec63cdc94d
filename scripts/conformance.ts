/** `npm run conformance -- NAME`: kofn against what others made; not part of the tests. */
const suites = {
  ric: () => import("./conformance-ric.ts").then((one) => one.conformanceRic()),
  minio: () => import("./conformance-minio.ts").then((one) => one.conformanceMinio()),
  moto: () => import("./conformance-moto.ts").then((one) => one.conformanceMoto()),
  "scikit-learn": () =>
    import("./conformance-scikit-learn.ts").then((one) => one.conformanceScikitLearn()),
  datasets: () => import("./conformance-datasets.ts").then((one) => one.conformanceDatasets()),
  sacrebleu: () => import("./conformance-sacrebleu.ts").then((one) => one.conformanceSacreBleu()),
  clients: () => import("./conformance-clients.ts").then((one) => one.conformanceClients()),
  examples: () => import("./conformance-examples.ts").then((one) => one.conformanceExamples()),
  onnx: () => import("./conformance-onnx.ts").then((one) => one.conformanceOnnx()),
  mlflow: () => import("./conformance-mlflow.ts").then((one) => one.conformanceMlflow()),
  torch: () => import("./conformance-torch.ts").then((one) => one.conformanceTorch()),
  newcomer: () => import("./conformance-newcomer.ts").then((one) => one.conformanceNewcomer()),
  node22: () => import("./conformance-node22.ts").then((one) => one.conformanceNode22()),
};

const name = process.argv[2] ?? "";
if (!Object.hasOwn(suites, name)) {
  console.error(`which suite? npm run conformance -- ${Object.keys(suites).join(" | ")}`);
  process.exit(2);
}
const passed = await suites[name as keyof typeof suites]();
process.exit(passed ? 0 : 1);
