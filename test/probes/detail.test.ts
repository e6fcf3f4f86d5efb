// Strange text in a report: one line, and of a page what a reader would see.
import { describe, expect, test } from 'vitest';
import { excerpt, statusAnd } from '../../src/probes/detail.ts';

const page = '<html><body><h1>503 Service Unavailable</h1></body></html>\n';

describe('an HTML page', () => {
  test('is told in the words of the page, its status once', () => {
    expect(statusAnd(503, page)).toBe('HTTP 503 (Service Unavailable)');
    expect(statusAnd(500, page)).toBe('HTTP 500 503 Service Unavailable');
  });

  test('loses head, style and script, also where it is cut off', () => {
    const head = '<!DOCTYPE html><html><head><title>Oops</title><style>p{}</style></head>';
    expect(excerpt(`${head}<p>It <b>fell</b></p><script>x()</script>`)).toBe('It fell');
    expect(excerpt('<html><p>It fell<img src="')).toBe('It fell');
    expect(excerpt('<html>')).toBe('an HTML page');
  });
});

test('what is no page keeps its angle brackets', () => {
  expect(excerpt('1 < 2 and <b> is bold')).toBe('1 < 2 and <b> is bold');
  expect(statusAnd(200, '200 fine')).toBe('HTTP 200 200 fine');
  expect(statusAnd(204, '')).toBe('HTTP 204');
});
