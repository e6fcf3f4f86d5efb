// The sample app: a small HTTP service that says who it is and fails to order, so that a bad release can be had at will.
import { createServer } from 'node:http';

const { env } = process;
const identity = {
  version: env.APP_VERSION ?? 'unknown',
  environment: env.BGCTL_ENVIRONMENT ?? '',
  droplet: env.BGCTL_DROPLET ?? '',
};
const faults = {
  errorRate: Number(env.FAULT_ERROR_RATE ?? 0),
  errorAfterMs: Number(env.FAULT_ERROR_AFTER_MS ?? 0),
  latencyMs: Number(env.FAULT_LATENCY_MS ?? 0),
  neverHealthy: env.FAULT_NEVER_HEALTHY === '1',
  hang: env.FAULT_HANG === '1',
  slowShutdownMs: Number(env.FAULT_SLOW_SHUTDOWN_MS ?? 0),
};
let failingHealth = false;
let stopping = false;
/** When the first request of the load arrived: only that counts as traffic, probes do not. */
let trafficSince = null;
let saidAt = 0;

const server = createServer((request, response) => {
  if (request.headers['x-load'] === '1') trafficSince ??= Date.now();
  response.setHeader('x-app-version', identity.version);
  response.setHeader('x-bgctl-environment', identity.environment);
  response.setHeader('x-bgctl-droplet', identity.droplet);
  const url = new URL(request.url ?? '/', 'http://app');
  if (url.pathname === '/fault') return setFaults(request, response);
  if (faults.hang) return;
  if (faults.latencyMs > 0) setTimeout(route, faults.latencyMs, request, response, url);
  else route(request, response, url);
});
// Longer than any balancer keeps an idle connection, else a request can meet a closing socket.
server.keepAliveTimeout = 75_000;
server.headersTimeout = 80_000;

// Handlers stand before anything else happens: as process 1 the kernel would drop signals that have none.
process.on('SIGUSR1', () => {
  failingHealth = true;
  say('failing health on request (SIGUSR1); still serving');
});
process.on('SIGUSR2', () => {
  failingHealth = false;
  say('health restored on request (SIGUSR2)');
});
process.on('SIGTERM', stop);
process.on('SIGINT', stop);

if (env.FAULT_CRASH_ON_START === '1') {
  say('cannot start: FAULT_CRASH_ON_START is set');
  process.exitCode = 1;
  process.removeAllListeners('SIGTERM').removeAllListeners('SIGINT');
} else {
  say(`starting, ready in ${env.BOOT_MS ?? 0} ms`);
  setTimeout(listen, Number(env.BOOT_MS ?? 0));
}

function listen() {
  const port = Number(env.PORT ?? 8000);
  server.listen(port, env.HOST ?? '0.0.0.0', () => say(`listening on ${server.address().port}`));
}

function route(request, response, url) {
  if (url.pathname === '/healthz') return health(response);
  if (errorIsDue()) return failToOrder(request, response);
  const asked = `${request.method} ${url.pathname}`;
  if (asked === 'GET /') return json(response, 200, identity);
  if (asked === 'GET /version') return json(response, 200, { version: identity.version });
  if (asked === 'POST /echo') return echo(request, response);
  if (asked === 'GET /slow') return slow(response, url);
  request.resume();
  json(response, 404, { error: `nothing at ${asked}` });
}

function health(response) {
  const why = whyUnhealthy();
  if (why === null) json(response, 200, { ok: true });
  else json(response, 503, { ok: false, because: why });
}

function whyUnhealthy() {
  if (stopping) return 'stopping';
  if (failingHealth) return 'draining: told to fail its health check';
  if (faults.neverHealthy) return 'database schema 41 is older than the 42 this version needs';
  return null;
}

function errorIsDue() {
  if (faults.errorRate === 0 || Math.random() >= faults.errorRate) return false;
  if (faults.errorAfterMs === 0) return true;
  return trafficSince !== null && Date.now() - trafficSince >= faults.errorAfterMs;
}

function failToOrder(request, response) {
  request.resume();
  response.setHeader('x-fault', '1');
  json(response, 500, { error: 'made to order' });
  if (Date.now() - saidAt < 1000) return;
  saidAt = Date.now();
  say(`ERROR ${request.method} ${request.url}: made to order`);
}

function echo(request, response) {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => finish(response, Buffer.concat(parts)));
}

function slow(response, url) {
  const ms = Math.min(30_000, Math.max(0, Number(url.searchParams.get('ms') ?? 2000) || 0));
  setTimeout(() => json(response, 200, { ...identity, ms }), ms);
}

function setFaults(request, response) {
  let text = '';
  request.setEncoding('utf8').on('data', (part) => {
    text += part;
  });
  request.on('end', () => {
    if (env.FAULTS_OPEN !== '1' || request.method !== 'POST') {
      return json(response, 403, {
        error: 'faults can be set by POST and with FAULTS_OPEN=1 only',
      });
    }
    try {
      const asked = JSON.parse(text);
      const unknown = Object.keys(asked).filter((key) => typeof asked[key] !== typeof faults[key]);
      if (unknown.length > 0) return json(response, 400, { error: `not a fault: ${unknown}` });
      json(response, 200, Object.assign(faults, asked));
    } catch (error) {
      json(response, 400, { error: error.message });
    }
  });
}

function stop() {
  if (stopping) return;
  stopping = true;
  const leave = () => setTimeout(() => process.exit(0), faults.slowShutdownMs);
  if (server.listening) server.close(leave);
  else leave();
  say('stopping: no new connections, finishing open requests');
}

function json(response, status, body) {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  finish(response, JSON.stringify(body));
}

function finish(response, body) {
  // Asked when it ends, not when it begins: a request that was open at SIGTERM must free its connection too.
  if (stopping) response.setHeader('connection', 'close');
  response.end(body);
}

function say(line) {
  process.stdout.write(`shop/web ${identity.version}: ${line}\n`);
}
