/** Never run: were `infra/` not checked against SST's own types, the line below would be fine. */
export const wrong = () =>
  new sst.aws.Function("Wrong", {
    handler: "a.b",
    // @ts-expect-error: it is called memory.
    memroy: "1 GB",
  });
