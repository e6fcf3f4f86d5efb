// The sample app's versions: the same program, each with its own way of being good or bad.

/** Version → the environment baked into its image. */
export const versions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  v1: {},
  v2: {},
  /** Answers health checks, fails everything else: an error gate must see it. */
  v3: { FAULT_ERROR_RATE: '1' },
  /** Passes every gate, goes bad soon after real traffic arrives. */
  v4: { FAULT_ERROR_RATE: '0.3', FAULT_ERROR_AFTER_MS: '2500' },
  v5: {},
  v6: {},
  v7: {},
  v8: {},
  crash: { FAULT_CRASH_ON_START: '1' },
  sick: { FAULT_NEVER_HEALTHY: '1' },
  hang: { FAULT_HANG: '1' },
  slowboot: { BOOT_MS: '12000' },
  slowstop: { FAULT_SLOW_SHUTDOWN_MS: '8000' },
  latent: { FAULT_LATENCY_MS: '400' },
};
