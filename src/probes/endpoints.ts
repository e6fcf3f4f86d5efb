// Which endpoint is asked next: by weight, in turns that are evenly mixed and always the same.
import type { HttpProbe, HttpRequest } from '../policy/probe-spec.ts';

/** Smooth weighted round robin: with weights 2 and 1 it is a b a, a b a, never a a b. */
export class Turns {
  readonly #credit: number[] = [];

  next(spec: HttpProbe): HttpRequest {
    const { endpoints = [] } = spec;
    const total = endpoints.reduce((sum, { weight }) => sum + weight, 0);
    let best = 0;
    endpoints.forEach(({ weight }, index) => {
      this.#credit[index] = (this.#credit[index] ?? 0) + weight;
      if ((this.#credit[index] ?? 0) > (this.#credit[best] ?? 0)) best = index;
    });
    this.#credit[best] = (this.#credit[best] ?? 0) - total;
    return endpoints[best] ?? spec;
  }
}
