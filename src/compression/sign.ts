import { define } from "../core/registry.ts";
import { composed } from "./composed.ts";
import { signsOf } from "./quantizers.ts";
import { everything } from "./selections.ts";

export const sign = define({
  name: "sign",
  summary: "every entry's sign, times the mean magnitude: one bit an entry",
  reference: "Karimireddy, Rebjock, Stich, Jaggi, ICML 2019: EF-signSGD",
  options: {},
  examples: [{}],
  create: () => composed(everything, signsOf(1)),
});
