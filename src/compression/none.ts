import { define } from "../core/registry.ts";
import { composed } from "./composed.ts";
import { exactly } from "./quantizers.ts";
import { everything } from "./selections.ts";

export const none = define({
  name: "none",
  summary: "every entry as float32",
  options: {},
  examples: [{}],
  create: () => composed(everything, exactly),
});
