import type { Meanings } from "./meanings.ts";

/** Runs, stores and platforms. */
export const runningCodes = {
  "aws-busy": "AWS asks to slow down; try again in a minute",
  "bad-cost-file": "a file is no export of costs; export COST_AND_USAGE_REPORT (CUR 2.0) as CSV",
  "bad-credentials":
    "AWS does not know the credentials; check AWS_PROFILE: aws sts get-caller-identity",
  "bad-deployment": "what is deployed lacks something; deploy again with this version",
  "bad-function": "a local function is configured wrongly; mend what is named",
  "bad-json": "a stored object is not JSON; put back a copy, or begin anew",
  "bad-key": "an object's key is one that no store takes; use 1 to 1,024 bytes of UTF-8",
  "bad-manifest": "stored data are of another strategy; encode them again: kofn encode SPEC",
  "bad-message": "a stored message is none of a private run; start the run anew",
  "bad-object":
    "an object that a task refers to is gone or damaged; resume the run: the task is asked anew",
  "bad-packet": "bytes are no packet of this version; use one version of kofn on both sides",
  "bad-part": "a stored piece of data is damaged; encode the data again: kofn encode SPEC",
  "bad-payload": "a compressed vector cannot be read; use one version of kofn on both sides",
  "bad-recording":
    "a recording has replies to what was never asked; replay with the version that recorded it",
  "bad-reporter": "a run cannot be told where it is asked for; check the address that is named",
  "bad-safetensors": "bytes are no safetensors object; write it again, or restore a copy",
  "bad-signature": "AWS refuses the signature; check the secret key and the clock",
  "bucket-gone":
    "a bucket is gone in the middle of the work; bring it back as it was, or start the run anew",
  emulator: "the emulator met a fault of its own; run kofn doctor, and report it",
  "damaged-object":
    "a stored object is not what was written; put back a copy, or do as the hint says",
  "disk-full":
    "nothing more can be written; make room, then resume: the run goes on from its checkpoint",
  "emulator-ended": "the emulator's process has ended; start again: its log says why",
  "expired-credentials": "the credentials have expired; sign in again: a run in AWS goes on",
  gone: "the bucket or a function of the stage is not there; check AWS_REGION, or deploy again",
  "home-gone":
    "the folder of runs was removed while it was in use; put a copy back and resume, or start anew",
  "home-in-use": "another process works in this home; wait for it, or set KOFN_HOME",
  "home-unwritable":
    "runs cannot be kept in this home; set KOFN_HOME to a folder that may be written",
  interrupted: "the run was interrupted before training began; start it again: nothing was lost",
  "network-gone": "a run's network is not in the store; start the run anew from its spec",
  "no-bundle": "a function's bundle is not built; build it: npm run build",
  "no-credentials": "no credentials for AWS were found; sign in, or set AWS_PROFILE",
  "no-manifest": "a manifest is not in the store; encode the data again: kofn encode SPEC",
  "no-memory": "a shard does not fit into memory; give workers more memory, or take more of them",
  "no-model": "a run has no model yet; wait until it stops, or resume it",
  "no-network":
    "AWS cannot be reached; check the network and AWS_ENDPOINT_URL: a run in AWS goes on",
  "no-region": "no region of AWS is set; set AWS_REGION",
  "no-stage": "no stage is named; add --stage NAME",
  "no-what-if":
    "a run cannot be gone through again otherwise; simulate its spec with the other setting",
  "not-deployed": "no deployment is known here; deploy it, or start within npx sst shell",
  "not-permitted": "AWS denies an action; add the policy statement that is shown",
  "not-recorded":
    "a run was too large to record its replies; simulate its spec again: the seed gives the same",
  "other-arithmetic":
    "a run was made with another arithmetic; go on with the version that is named",
  "other-backend": "a run was not started in this stage; name the backend that it ran on",
  "other-region": "the bucket is in another region; set AWS_REGION to the stage's",
  "other-stage": "another stage is deployed from here; name that one",
  "other-state":
    "a checkpoint is of another version or strategy; go on with the version that is named",
  "other-version":
    "two sides or files are of different versions of kofn; use one, or make the object anew",
  "port-in-use": "a port cannot be listened on; choose another, or none",
  "preparer-failed": "a stage's preparer could not prepare the data; its log says why (CloudWatch)",
  "probe-stopped": "a probe stopped before it told anything; plan without --probe, or from a run",
  "root-in-use": "another process serves this folder; stop it, or choose another folder",
  "run-exists": "a run of this name is there already; choose another name",
  "run-is-live": "a run is under way elsewhere; watch or cancel it first",
  "short-record": "a run has too few replies to plan from; plan from a longer run",
  "small-budget":
    "the budget does not pay for the first tasks; raise stop.dollars, or shrink the run",
  superseded: "another orchestrator has taken the run over; watch it: it goes on there",
  "time-limit":
    "a task took longer than its budget of dollars reckons with; it is sent again with more time",
  "too-many-files":
    "no more files can be opened; raise the limit (ulimit -n 4096), then resume the run",
  throttled: "Lambda refuses more at a time; ask for more concurrency, or use fewer workers",
  "unknown-operation": "a worker does not know this task; deploy worker and orchestrator together",
  "unknown-run": "no run has this name; see kofn list",
  "unknown-slot": "a task names a slot that there is not; encode the data for as many workers",
  "unreadable-object": "an object in S3 cannot be read; check bucket, key, region and credentials",
  "version-gone":
    "the published version that a run began with was removed; resume it with --newest",
} as const satisfies Meanings;

/** Privacy. */
export const privacyCodes = {
  "bad-ledger": "a page of a privacy ledger is damaged; release nothing more under it",
  "bad-noise": "a noise's size is no number above 0; scale the data or the clip norm",
  "bad-secret": "a node's secret is damaged; start the run anew",
  "bad-share": "a sealed share of a secure sum cannot be opened; start the run anew",
  "classical-formula":
    "the classical formula is not proven at this epsilon; calibrate by the exact curve",
  "mixed-adjacency": "releases are stated under several adjacencies; state all under one",
  "mixed-noise": "releases of several kinds of noise are composed; compose one kind",
  "no-bound": "no accountant proves any bound; give more noise or a larger delta",
  "no-message": "a node has published nothing; resume the run while its messages are kept",
  "no-secret": "a node's secret cannot be read; let the node read below its own prefix",
  "no-sum": "a slot has put no sum aside; resume the run: the round is asked anew",
  "other-release":
    "a release differs from what was charged under its name; charge it under another name",
  "out-of-grid": "a value is too large for its noise's grid; bound values first",
  "over-budget": "a release would go over the ledger's budget; release less, or raise the budget",
  "too-few-parties": "a secure sum of so few parties would tell of one; wait for more of them",
  "would-wrap": "a number is too large for a secure sum; shorten the steps, or scale the data",
} as const satisfies Meanings;

/** Pipelines. */
export const pipelineCodes = {
  "bad-split": "layers cannot be divided among workers so; choose others, or another number",
  "bad-partition": "a partition does not fit the model's graph; partition the same model",
  "bad-ranks": "an order of ranks is none of D, P and T; write it like DPT",
  "bad-schedule":
    "a schedule is not carried out by the stages; compare it with those that are printed",
  "bad-trace": "a trace has no figures of a layer; trace the model that is partitioned",
  "bad-stage":
    "a stage is of another version, or at other weights; use the kofn that wrote it, or ask again",
  "batch-too-small":
    "a batch has fewer rows than microbatches; take fewer microbatches or replicas",
  "memory-infeasible": "a stage does not fit into memory; take more stages, or more memory",
  "missing-gradient": "a gradient lacks a microbatch; run the step again",
  "not-deterministic": "a layer gives other numbers when asked again; build it without such draws",
  "no-pipeline": "a layer cannot be cut from the next; train in one piece, or build it otherwise",
  "split-backward": "a schedule has a backward pass in two; write B instead of I and W",
  "too-many-stages": "a model has fewer layers than stages; ask for fewer stages",
} as const satisfies Meanings;
