/** How often an orchestrator says that it is still there. */
export const heartbeatMs = 30_000;
