// On the lab one machine plays people, balancer and droplets; people and balancer have machines of their own in the world.
import { constants, setPriority } from 'node:os';

/** Lets others go before a process that has, in the world, a machine of its own and disturbs nobody. */
export function goLast(pid: number): void {
  setPriority(pid, constants.priority.PRIORITY_LOW);
}

/** Lets a process go before the droplets where this user may say so; 0 is the one that asks. */
export function goFirst(pid = 0): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_HIGH);
  } catch {
    // Without root it competes like everybody else: slower answers, none lost.
  }
}
