/** Where local runs live, unless KOFN_HOME says otherwise. */
export function homePath(): string {
  return process.env.KOFN_HOME ?? ".kofn";
}
