// Which file begins first: the longest, so that none of them is what everybody waits for at the end.
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** In the order of the time that they take; files that are not named here take less. */
const longest = [
  'cloud-faults',
  'crashes',
  'two-controllers',
  'failures',
  'aborts',
  'promotions',
  'traffic',
  'modes',
  'genesis',
  'cancelled',
  'candidates',
  'probes',
  'clashes',
  'gates',
  'lost-ssh',
  'mutants',
  'broken-droplets',
].map((name) => `/${name}.test.ts`);

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const index = longest.findIndex((name) => moduleId.endsWith(name));
      return index < 0 ? longest.length : index;
    };
    return (await super.sort(files)).toSorted((one, other) => place(one) - place(other));
  }
}
