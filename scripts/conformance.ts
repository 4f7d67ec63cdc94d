/** `npm run conformance -- NAME`: kofn against what others made; not part of the tests. */
const suites = {
  ric: () => import("./conformance-ric.ts").then((one) => one.conformanceRic()),
  minio: () => import("./conformance-minio.ts").then((one) => one.conformanceMinio()),
  moto: () => import("./conformance-moto.ts").then((one) => one.conformanceMoto()),
  "scikit-learn": () =>
    import("./conformance-scikit-learn.ts").then((one) => one.conformanceScikitLearn()),
};

const name = process.argv[2] ?? "";
if (!Object.hasOwn(suites, name)) {
  console.error(`which suite? npm run conformance -- ${Object.keys(suites).join(" | ")}`);
  process.exit(2);
}
const passed = await suites[name as keyof typeof suites]();
process.exit(passed ? 0 : 1);
