// What a registry says of a tag that it does not know, in words that say what to do.
import { expect, test } from 'vitest';
import { noSuchTag } from '../../src/hosts/docker.ts';

test('a tag that was never pushed is told by its name and its repository, for good', () => {
  const error = new Error('(HTTP code 404) unexpected - manifest unknown: manifest unknown ');
  expect(noSuchTag('registry.example:5000/shop/web:v99', error)).toMatchObject({
    message:
      'there is no tag v99 in registry.example:5000/shop/web, as the registry says: was it pushed?',
    retry: 'never',
  });
});

test('other trouble with a registry is not taken for a missing tag', () => {
  expect(noSuchTag('shop/web:v1', new Error('unauthorized: authentication required'))).toBe(null);
});
