// A port of the droplets' range for one row at a time, across test processes.
import { folder, take } from './turns.ts';

/** 8000 is the demo's, 8008 the hosts tests', 8010 the benchmark's and a hand's. */
const names = [8001, 8002, 8003, 8004, 8005, 8006, 8007, 8009, 8011].map(String);

export async function takePort(): Promise<{ readonly port: number; giveBack(): void }> {
  const { name, giveBack } = await take(folder('ports'), names);
  return { port: Number(name), giveBack };
}
