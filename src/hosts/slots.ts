// A bounded number of things at once; who comes later waits in line.

export type Slots = {
  /** Resolves with the way to give the slot back (once; later calls do nothing). Rejects when `signal` aborts. */
  take(signal: AbortSignal): Promise<() => void>;
};

export function slots(max: number): Slots {
  let taken = 0;
  const line: (() => void)[] = [];

  function slot(): () => void {
    let given = true;
    return () => {
      if (!given) return;
      given = false;
      const next = line.shift();
      if (next === undefined) taken -= 1;
      else next();
    };
  }

  return {
    take(signal) {
      if (signal.aborted) return Promise.reject(new Error('given up'));
      if (taken < max) {
        taken += 1;
        return Promise.resolve(slot());
      }
      return new Promise((resolve, reject) => {
        const turn = () => {
          signal.removeEventListener('abort', leave);
          resolve(slot());
        };
        const leave = () => {
          line.splice(line.indexOf(turn), 1);
          reject(new Error('given up'));
        };
        line.push(turn);
        signal.addEventListener('abort', leave, { once: true });
      });
    },
  };
}
