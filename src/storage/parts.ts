/** Objects above this go to S3 in parts of this size. */
export const defaultPartBytes = 16 * 1024 * 1024;

/** How many requests S3 charges for putting an object of this size. */
export function putRequests(bytes: number): number {
  return bytes <= defaultPartBytes ? 1 : Math.ceil(bytes / defaultPartBytes) + 2;
}
