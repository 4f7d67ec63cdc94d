/** This kofn, as package.json says it: records and checkpoints name it. */
export const kofnVersion = "0.3.0";
