// The page as it reaches a reader: it needs nothing else, and nothing that others wrote becomes a part of it.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { type DefaultTreeAdapterMap, parse } from 'parse5';
import { beforeAll, describe, expect, test } from 'vitest';
import { pageAssets } from '../../src/cli/page-assets.ts';
import { summaryOf } from '../../src/report/markdown.ts';
import { type Assets, pageOf } from '../../src/report/page.ts';
import type { Report } from '../../src/report/report.ts';
import { aReport } from './story.ts';

type Node = DefaultTreeAdapterMap['node'];

let report: Report;
let assets: Assets;
/** Without the library's fifty kilobytes, which say nothing here. */
const bare: Assets = { style: '', scripts: [], allowed: { style: 'sha256-x', scripts: [] } };

beforeAll(async () => {
  report = await aReport({ errors: 0.08, log: 'the log says so' });
  assets = await pageAssets();
});

describe('the page', () => {
  test('needs no network: no address is in an attribute, and the browser may fetch nothing', () => {
    const page = pageOf(report, assets);
    const attributes = elements(parse(page)).flatMap(({ attrs }) => attrs);
    const names = ['src', 'href', 'action', 'data', 'poster', 'srcset', 'style'];
    expect(attributes.filter(({ name }) => names.includes(name))).toEqual([]);
    expect(page).toContain('content="default-src &#39;none&#39;; style-src &#39;sha256-');
    expect(assets.style).not.toMatch(/@import|url\(/);
  });

  test('only its own scripts and style may run, known by their fingerprints', () => {
    const page = pageOf(report, assets);
    const meta = elements(parse(page)).find(({ attrs }) =>
      attrs.some(({ value }) => value === 'Content-Security-Policy'),
    );
    const allowed = meta?.attrs.find(({ name }) => name === 'content')?.value ?? '';
    expect(allowed).not.toContain('unsafe');
    const own = elements(parse(page)).filter(
      ({ nodeName, attrs }) =>
        nodeName === 'style' ||
        (nodeName === 'script' && !attrs.some(({ name }) => name === 'type')),
    );
    expect(own).toHaveLength(3);
    for (const one of own) {
      const hash = createHash('sha256').update(textOf(one)).digest('base64');
      expect(allowed).toContain(`'sha256-${hash}'`);
    }
  });

  test('says how it ended, why, what to do, and has the last words of what failed', () => {
    const text = textOf(parse(pageOf(report, bare)));
    for (const part of [
      'rolled back',
      'r41 serves again',
      'Look at what failed below',
      'the log says so',
      'undone at',
      'commit point',
      'as it was told to',
      'errors failed',
    ])
      expect(text).toContain(part);
  });

  test('has no chart of what was not measured, and says what is missing', () => {
    const bareReport = { ...report, sources: [], missing: ['there are no charts'] };
    const page = pageOf(bareReport, bare);
    expect(page).toContain('there are no charts');
    expect(page).not.toContain('<figure>');
  });
});

const nasty = [
  '</script><script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '"><svg/onload=alert(1)>',
  "' onmouseover='alert(1)",
  '</style></title></textarea><!--',
  '<![CDATA[<script>',
  '&lt;script&gt;',
  '`alert(1)`',
  '\u0000<\u0000script>',
  '{{constructor}}',
];
const hostile = fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: 'binary', maxLength: 40 }));

describe('foreign texts', () => {
  test('hostile ones in any place of the report make no markup: the page has the same bones', () => {
    const bones = skeleton(
      pageOf(
        withTexts(report, () => 'x'),
        bare,
      ),
    );
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 6 }), (texts) => {
        let index = 0;
        const next = () => {
          index += 1;
          return texts[index % texts.length] || 'x';
        };
        expect(skeleton(pageOf(withTexts(report, next), bare))).toEqual(bones);
      }),
      { numRuns: 40 },
    );
  });

  test('come to the reader as they were: escaped, not lost', () => {
    const page = pageOf(
      withTexts(report, () => nasty[0] ?? ''),
      bare,
    );
    expect(textOf(parse(page))).toContain('</script><script>alert(1)</script>');
  });

  test('in the summary they are neither HTML, nor a link, an image or a cell of a table', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const words = `${text} ![x](http://x.example/y) <b> | cell [a](b)\n# head`;
        const summary = summaryOf(withTexts(report, () => words));
        expect(summary).not.toMatch(/<[a-z!/]/i);
        expect(summary).not.toMatch(/(?<!\\)!(?<!\\)\[|[^\\]\]\(/);
        expect(summary).not.toMatch(/^# head/m);
      }),
      { numRuns: 60 },
    );
  });
});

/** Every reason, log and sentence is another; words that the page chooses its looks by stay. */
function withTexts(from: Report, text: () => string): Report {
  const said = [
    'because',
    'message',
    'what',
    'why',
    'by',
    'text',
    'detail',
    'gate',
    'title',
    'name',
  ];
  const replaced = (value: unknown, key = ''): unknown => {
    if (typeof value === 'string') return said.includes(key) && value !== '' ? text() : value;
    if (Array.isArray(value)) return value.map((one) => replaced(one, key));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, replaced(one, name)]),
    );
  };
  return {
    ...(replaced(from) as Report),
    release: { ...from.release, images: { [text()]: text() }, env: { [text()]: text() } },
    app: text(),
  };
}

function elements(node: Node): readonly DefaultTreeAdapterMap['element'][] {
  const children = 'childNodes' in node ? node.childNodes.flatMap(elements) : [];
  return 'attrs' in node ? [node, ...children] : children;
}

/** Elements with the names of their attributes, in order. */
function skeleton(page: string): readonly string[] {
  return elements(parse(page)).map(
    ({ nodeName, attrs }) => `${nodeName} ${attrs.map(({ name }) => name).join(' ')}`,
  );
}

function textOf(node: Node): string {
  if ('value' in node) return node.value;
  return 'childNodes' in node ? node.childNodes.map(textOf).join('') : '';
}
