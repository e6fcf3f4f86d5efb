// Our own HTTP under dots-wrapper: time-out, keep-alive, no proxy, no redirects (with a token in hand).
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import axios, { type AxiosInstance } from 'axios';
import type { modules } from 'dots-wrapper';

export type ConnectionOptions = {
  /** With its `/v2`. */
  readonly endpoint: string;
  readonly token: string;
  /** For one request; 15 s. */
  readonly timeoutMs?: number;
};

export type Connection = { readonly http: AxiosInstance; readonly close: () => void };

const answerBytesMax = 20_000_000;

export function connection({ endpoint, token, timeoutMs = 15_000 }: ConnectionOptions): Connection {
  // No limit on sockets: a request that goes back must never queue behind ones that hang.
  const httpAgent = new HttpAgent({ keepAlive: true });
  const httpsAgent = new HttpsAgent({ keepAlive: true });
  const http = axios.create({
    baseURL: endpoint.replace(/\/+$/, ''),
    timeout: timeoutMs,
    proxy: false,
    maxRedirects: 0,
    maxContentLength: answerBytesMax,
    httpAgent,
    httpsAgent,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
  });
  const close = () => {
    httpAgent.destroy();
    httpsAgent.destroy();
  };
  return { http, close };
}

export type Context = Parameters<typeof modules.loadBalancer.getLoadBalancer>[0];

/** dots-wrapper's calls take no signal, so it is slipped under them; the cast is between two copies of axios's types. */
export function contextOf(http: AxiosInstance, signal: AbortSignal | undefined): Context {
  const config = signal === undefined ? {} : { signal };
  const httpClient = {
    get: (url: string, options: object = {}) => http.get(url, { ...options, ...config }),
    post: (url: string, body: unknown) => http.post(url, body, config),
    delete: (url: string, options: object = {}) => http.delete(url, { ...options, ...config }),
  };
  return { httpClient } as never;
}
