/** How a request was refused: its status and code; null where it was not. */
export async function refusal(sent: Promise<unknown>) {
  const thrown = (await sent.then(
    () => null,
    (error: unknown) => error,
  )) as { name: string; $metadata: { httpStatusCode: number } } | null;
  return thrown === null ? null : [thrown.$metadata.httpStatusCode, thrown.name];
}
