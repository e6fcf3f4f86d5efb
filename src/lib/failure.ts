// Trouble that the world makes, as one kind of error: whose fault, what to tell a person, worth trying again?

export type FailureFrom =
  | 'cloud'
  | 'host'
  /** A controller that began later has written there: this one must stop. */
  | 'fence'
  | 'journal'
  | 'traffic'
  /** A command or a webhook of the operator's. */
  | 'hook'
  /** The balancer is not what the journal expects: a foreign edit, never repeated, never overridden. */
  | 'drift';

export type Retry = 'soon' | { readonly afterMs: number } | 'never';

/**
 * The only error that `cloud/`, `hosts/`, `probes/` and `journal/` throw. Its message is for people and
 * never carries a library's error as it came: those hold tokens and words (field guide, 0.11).
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly from: FailureFrom;
  readonly retry: Retry;
  /** True where a write may have been applied although it did not answer: read before repeating. */
  readonly ambiguous: boolean;
  /** True where nothing can begin until a person has mended something: a refusal, not an outage. */
  readonly precondition: boolean;

  constructor(
    from: FailureFrom,
    because: string,
    options: { retry?: Retry; ambiguous?: boolean; precondition?: boolean } = {},
  ) {
    super(because);
    this.from = from;
    this.retry = options.retry ?? 'never';
    this.ambiguous = options.ambiguous ?? false;
    this.precondition = options.precondition ?? false;
  }
}

/** What went wrong, in words, of anything thrown; never a stack, never a library's object. */
export function because(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
