import type { Meanings } from "./meanings.ts";

/** What a spec, an option or a question says. */
export const specCodes = {
  "always-stale":
    "every reply of asynchronous steps would be too old; allow more strategy.stalenessMax",
  "ambiguous-privacy":
    "a private setting can be meant in several ways; state the setting that is named",
  "ambiguous-run": "several runs have this in their names; write more of the name",
  "ambiguous-sampler": "a rate below 1 with full batches; give rate 1, or sampler poisson",
  "bad-adjacency": "this mechanism has no bound under this adjacency; choose the one that is named",
  "bad-combination": "two settings exclude each other; change one of them as the hint says",
  "bad-goal": "a plan is for seconds or for dollars; write --for seconds or --for dollars",
  "bad-member": "a member that a program registers cannot be one; mend what is named",
  "bad-module":
    "a module of a spec or of own members cannot be loaded, or is none; mend it as the hint says",
  "bad-option": "an option has a value that it cannot have; give one of those that are named",
  "bad-plan": "a plan of pipelines leaves nothing to choose from; name stages and microbatches",
  "bad-ranges":
    '--ranges is not a mapping of columns to bounds; write it like {"price": [0, 500000]}',
  "bad-release": "a release cannot be described like this; mend what is named",
  "bad-releases": "a list of releases cannot be read; mend the release that is named",
  "bad-repeats": "--repeats is no whole number of 1 or more; write it like --repeats 5",
  "bad-run-name":
    "a name has other characters than a run's may have; use lower-case letters, digits and dashes",
  "bad-setting": "--set is not path=value; write it like --set stop.rounds=50",
  "bad-spec": "a spec is no mapping of settings; begin it like problem: { type: ridge }",
  "bad-value": "a setting has a value of another kind or out of range; give one as it is expected",
  "bad-vary": "--vary cannot be read; write it like --vary 'wait=all,{fastest: 12}'",
  "bad-weather": "--weather names no model; give a model's name, or a mapping as in a spec",
  "bad-workers": "the encoding takes another number of workers; change one of them",
  "bad-yaml":
    "a spec is not the YAML or JSON that specs are written in; mend the line that is named",
  "biased-penalty": "with replies left out this penalty has another optimum; wait for all",
  "blocks-too-large":
    "a worker's block does not fit beside its work; raise workers, or choose strategy: rounds",
  "empty-spec": "a spec holds nothing; begin it like problem: { type: ridge }",
  "fixed-setting": "a setting cannot be changed in the middle of a run; start a new run with it",
  "never-exact": "strategy: exact with a code that is never exact; choose an encoding that can be",
  "no-budget":
    "an account was asked for without a figure to start from; give --delta, --epsilon or both",
  "no-option": "an option that is needed is not given; give it: --help says how",
  "no-privacy":
    "a private strategy without privacy; give privacy: { epsilon, delta, unit, adjacency, clip }",
  "not-a-spec":
    "a file's name does not end like a spec's; give a .yaml, .yml, .json, .js or .ts file",
  "not-compressed":
    "this strategy sends its replies as they are; choose local-steps, or leave compression out",
  "not-mixable": "the loss does not hold over mixtures of rows; choose replication or uncoded",
  "not-packed": "rows cannot be stored in this way; leave data.storage out",
  "not-private": "this combination cannot be private; change the setting that is named",
  "not-proximal":
    "this strategy takes no step for an l1 penalty; choose rounds with fista or proximal-gradient",
  "not-public": "a private run needs this stated beforehand; state it in the spec",
  "not-smooth": "this strategy needs a smooth problem; choose one, or another strategy",
  "quorum-too-large":
    "more replies are waited for than there are workers; wait for fewer, or raise workers",
  "replies-too-large":
    "the replies of a round do not fit into the orchestrator; take fewer workers, or rounds",
  "sparse-mixing": "stored mixtures of sparse rows would be dense; leave encode: ahead out",
  "spec-too-large": "a spec is larger than settings can be; put data beside it, under data.source",
  "too-many-runs": "--vary makes more runs than are compared at once; vary fewer settings",
  "too-many-workers": "more workers than this backend has; simulate, or take fewer",
  "unknown-backend": "no backend has this name; choose one of those that are named",
  "unknown-format": "no format has this name; choose one of those that are named",
  "unknown-key": "a setting that nothing knows; choose one of the keys that are named",
  "unknown-name": "no member of the family has this name; choose one of those that are named",
  "unsafe-step":
    "no step is known to be safe here; give the step as a number, or choose another optimizer",
  "weather-on-aws": "weather is given for a deployed run; leave it out, or run locally",
} as const satisfies Meanings;
