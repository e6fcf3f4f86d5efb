// Instants as people read them: the time of day, and the day with it where it is not today's run that is told.

/** `16:51:09`, UTC. */
export function clock(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}

/** `2026-11-29 16:51`, UTC. */
export function dayAndTime(at: number): string {
  return new Date(at).toISOString().slice(0, 16).replace('T', ' ');
}
