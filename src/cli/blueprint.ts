// The operator's compose file, read and checked, as preparing a release needs it.
import type { Blueprint, Claim } from '../controller/prepare.ts';
import { type ComposeFile, readComposeFile } from '../policy/compose-file.ts';
import { type ComposeNeeds, composeNeeds } from '../policy/compose-needs.ts';
import { composeFingerprintText, renderCompose } from '../policy/compose-render.ts';
import { misfits } from '../policy/parse.ts';
import { formatProblems } from '../policy/problem.ts';
import type { Opened } from './connect.ts';
import { unfit } from './exit.ts';
import { readNamed } from './files.ts';

export type CheckedCompose = Blueprint & {
  readonly file: ComposeFile;
  readonly needs: ComposeNeeds;
};

/**
 * Throws Exit with every problem of the file, its line and the mend, and where the policy asks what this bgctl.yml cannot
 * give; before anybody is asked anything.
 */
export async function readBlueprint(opened: Opened): Promise<CheckedCompose> {
  const { settings, written, output, policyText } = opened;
  const wrong = misfits(policyText, settings.policy, settings.traffic);
  if (wrong.length > 0) throw unfit(wrong);
  const text = await readNamed(written, settings.compose.file, {
    key: ['compose', 'file'],
    mend: 'write it, or correct the path: a relative one starts at the folder of bgctl.yml',
  });
  const parsed = readComposeFile(text, settings.compose.file, settings);
  if (!parsed.ok) throw unfit(parsed.problems);
  if (parsed.warnings.length > 0) output.note(formatProblems(parsed.warnings));
  const app = settings.app;
  return {
    file: parsed.value,
    needs: composeNeeds(text, settings),
    images: settings.images,
    envFiles: settings.compose.envFiles,
    fingerprintText: (images) => composeFingerprintText({ text, app, images, settings }),
    render: (release, images) => renderCompose({ text, app, release, images, settings }).text,
    claims: claimsOf(parsed.value, settings.compose.file),
  };
}

function claimsOf({ services }: ComposeFile, file: string): readonly Claim[] {
  return services
    .filter((service) => service.role === 'switched')
    .flatMap((service) => [
      ...service.ports.map(({ host, line }): Claim => {
        return { what: 'port', value: String(host), where: `${file}:${line}` };
      }),
      ...(service.containerName === null
        ? []
        : [
            {
              what: 'container-name',
              value: service.containerName,
              where: `${file}:${service.line}`,
            } as const,
          ]),
    ]);
}
