// What a person does next, by how a promotion ended.
import { legal } from '../promotion/admit.ts';
import type { App } from '../promotion/app.ts';
import type { Report } from './report.ts';

export function nextOf(app: App, is: Report['result']['is']): readonly string[] {
  switch (is) {
    case 'promoted':
      return ['Nothing is left to do. To go back, promote the earlier version again.'];
    case 'failed':
    case 'rolled-back':
      return [
        'Nothing has to be cleaned up, and people are served by the release before.',
        'Look at what failed below, mend it, and promote again.',
      ];
    case 'aborted':
      return ['Nothing has to be cleaned up. Promote again when you are ready.'];
    case 'held':
      return [
        'Nothing is changed until a person chooses. These commands are legal now:',
        ...legal(app),
      ];
    case 'under-way':
      return ['It is not over. These commands are legal now:', ...legal(app)];
  }
}
