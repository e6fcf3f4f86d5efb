// The errors of the API: a status, an identifier and a sentence, worded as the real one words them.

export class Problem extends Error {
  readonly status: number;
  readonly id: string;
  readonly headers: Record<string, string>;

  constructor(status: number, id: string, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.id = id;
    this.headers = headers;
  }
}

export const badRequest = (message: string) => new Problem(400, 'bad_request', message);

export const unauthorized = () => new Problem(401, 'unauthorized', 'Unable to authenticate you.');

export const missingScope = () =>
  new Problem(403, 'forbidden', 'You do not have permission to perform this action.');

export const notFound = () =>
  new Problem(404, 'not_found', 'The resource you were accessing could not be found.');

export const unprocessable = (message: string) => new Problem(422, 'unprocessable_entity', message);

// The API documents only the first; the rest is worded here.
const unprocessableTexts = {
  tag: 'Droplets cannot be added to or removed from a load balancer that uses a tag.',
  region: 'All droplets must be in the same region as the load balancer.',
  vpc: 'All droplets must be in the same VPC as the load balancer.',
  droplet: 'One of the droplets does not exist or is being destroyed.',
  'pending-event': 'Droplet already has a pending event.',
};

export const unprocessableFor = (about: keyof typeof unprocessableTexts) =>
  unprocessable(unprocessableTexts[about]);

export const tooManyRequests = (headers: Record<string, string>) =>
  new Problem(429, 'too_many_requests', 'API rate limit exceeded.', headers);

export const serverError = () => new Problem(500, 'server_error', 'Unexpected server-side error');
