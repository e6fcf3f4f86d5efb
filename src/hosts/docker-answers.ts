// Docker's answers, as far as they are used: what is not as Docker says it is a Failure, never no container, no port or no health (I5).
import { z } from 'zod';
import { Failure } from '../lib/failure.ts';

const text = z.string();
const labels = z
  .record(text, text)
  .nullish()
  .transform((found) => found ?? {});
const count = z.int().nonnegative();

const listedContainer = z.looseObject({
  Id: text.min(1),
  Names: z
    .array(text)
    .nullish()
    .transform((found) => found ?? []),
  Labels: labels,
  Ports: z
    .array(z.looseObject({ PublicPort: count.optional() }))
    .nullish()
    .transform((found) => found ?? []),
});

const state = z.looseObject({
  Status: text,
  ExitCode: z.int(),
  Error: text.nullish(),
  OOMKilled: z.boolean(),
  Pid: count,
  StartedAt: text,
  Health: z
    .looseObject({
      Status: text,
      Log: z.array(z.looseObject({ Output: text.nullish() })).nullish(),
    })
    .nullish(),
});

const ports = z
  .record(
    text.regex(/^\d{1,5}\/\w+$/),
    z.array(z.looseObject({ HostPort: text.regex(/^\d{0,5}$/) })).nullable(),
  )
  .nullish();

const inspectedContainer = z
  .looseObject({
    Id: text.min(1),
    Name: text.min(1),
    RestartCount: count,
    State: state,
    Config: z.looseObject({
      Labels: labels,
      StopTimeout: count.nullish(),
      Tty: z.boolean().nullish(),
      Env: z.array(text).nullish(),
      Healthcheck: z.looseObject({ Test: z.array(text).nullish() }).nullish(),
    }),
    HostConfig: z.looseObject({
      NetworkMode: text.nullish(),
      RestartPolicy: z.looseObject({ Name: text.nullish() }).nullish(),
      NanoCpus: z.number().nullish(),
      CpuQuota: z.number().nullish(),
      CpuPeriod: z.number().nullish(),
    }),
    NetworkSettings: z.looseObject({ Ports: ports }),
  })
  // Connections are counted in the network of that process.
  .refine(({ State: { Status, Pid } }) => Status !== 'running' || Pid > 0, {
    path: ['State', 'Pid'],
  });

export type ListedContainer = z.output<typeof listedContainer>;
export type InspectedContainer = z.output<typeof inspectedContainer>;

export const dockerAnswers = {
  list: z.array(listedContainer),
  inspect: inspectedContainer,
  digest: z
    .looseObject({ Descriptor: z.looseObject({ digest: text.regex(/^sha256:[0-9a-f]{64}$/) }) })
    .transform(({ Descriptor }) => Descriptor.digest),
  images: z
    .array(
      z.looseObject({
        RepoDigests: z
          .array(text)
          .nullish()
          .transform((found) => found ?? []),
      }),
    )
    .transform((images) => images.flatMap(({ RepoDigests }) => RepoDigests)),
  time: z
    .looseObject({ SystemTime: text })
    .transform(({ SystemTime }) => Date.parse(SystemTime))
    .refine(Number.isFinite),
};

/** The answer in its shape; names at most the key that is wrong, never a value. */
export function understood<T>(shape: z.ZodType<T>, answer: unknown, what: string): T {
  const parsed = shape.safeParse(answer);
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path.join('.') || 'its body';
  throw new Failure(
    'host',
    `${what}: Docker's answer was cut short, or is not what its API says (${path}).`,
    { retry: 'soon' },
  );
}
