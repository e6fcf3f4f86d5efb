// What a step of a GitHub Actions job leaves: annotations in the log, a summary on the run's page, outputs for later steps.
import { appendFileSync } from 'node:fs';
import { type Conclusion, exit } from './exit.ts';
import type { Output } from './output.ts';
import { type Actions, outputLines, problemCommand, workflowCommand } from './workflow.ts';

export function tellActions(
  conclusion: Conclusion,
  { summaryFile, outputFile, workspace }: Actions,
  { output, redact }: { readonly output: Output; readonly redact: (text: string) => string },
): void {
  const { code, outcome, message, problems = [], evidence } = conclusion;
  for (const problem of problems) output.annotate(problemCommand(problem, workspace));
  if (code !== exit.done && problems.length === 0)
    output.annotate(workflowCommand(kindOf(code), message, { title: `bgctl: ${outcome}` }));
  const outputs = { ...evidence?.outputs, result: outcome, exit: String(code) };
  append(outputFile, redact(outputLines(outputs)));
  if (evidence !== undefined) append(summaryFile, redact(evidence.summary));
  else if (code !== exit.done) append(summaryFile, redact(plainSummary(outcome, message)));
}

/** Nothing failed, but somebody has to go on. */
function kindOf(code: number): 'error' | 'warning' {
  return code === exit.underWay ? 'warning' : 'error';
}

/** Words of files and apps are shown as they are: four blanks before a line make it text. */
function plainSummary(outcome: string, message: string): string {
  const lines = message.split(/\r\n|[\r\n]/).map((line) => `    ${line}`);
  return `## ❌ bgctl: ${outcome}\n\n${lines.join('\n')}\n\n`;
}

/** A runner that cannot take it is no reason to end otherwise. */
function append(file: string, text: string): void {
  if (file === '') return;
  try {
    appendFileSync(file, text);
  } catch {
    return;
  }
}
