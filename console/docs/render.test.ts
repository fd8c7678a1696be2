import { expect, test } from 'vitest';
import { readPages } from './make.mjs';
import { brokenLinks, render } from './render.mjs';

const html = (markdown: string) => render('page', `# Title\n\n${markdown}`).html;

test('title, summary and sections are taken from the text', () => {
  const page = render('auth', '# Sign-in *and* keys\n\nHow it\nworks, in `two` lines.\n\n## API keys\n\ntext\n\n### Deeper');
  expect([page.title, page.summary]).toEqual(['Sign-in and keys', 'How it works, in two lines.']);
  expect(page.sections).toEqual([{ id: 'api-keys', text: 'API keys' }]);
  expect(page.anchors).toEqual(['api-keys', 'deeper']);
  expect(page.html).not.toContain('<h1');
});

test('headings link to themselves, with the anchors that GitHub gives them', () => {
  expect(html('## keon: signing in')).toContain('<h2 id="keon-signing-in"><a href="#keon-signing-in" class="anchor">keon: signing in</a></h2>');
});

test('links between files lead to pages', () => {
  expect(html('[a](auth.md) [b](auth.md#api-keys) [c](#here)')).toMatch(/href="\/docs\/auth".*href="\/docs\/auth#api-keys".*href="\/docs\/page#here"/);
  expect(html('[out](https://example.com/x)')).toContain('href="https://example.com/x"');
});

test.each(['../src/main.rs', 'javascript:alert(1)', '//evil.example', 'http://example.com', '/docs/auth', 'sub/x.md'])('a link to %j is refused', (href) => {
  expect(() => html(`[x](${href})`)).toThrow('link to a file beside it');
});

test('HTML is left out, and what is wide scrolls by itself', () => {
  expect(html('<script>alert(1)</script>\n\n<b onclick="x">bold</b>')).not.toMatch(/script|onclick/);
  expect(html('| a |\n| --- |\n| b |')).toContain('<div tabindex="0" role="group" aria-label="Table" class="wide"><table>');
  expect(html('```sh\nls\n```')).toContain('<pre tabindex="0" role="group" aria-label="Code">');
  expect(html('| a | |\n| --- | --- |\n| b | c |')).toContain('<th>a</th>\n<td></td>');
  expect(html('| a |\n| :-: |\n| b |')).not.toContain('style=');
});

test('a row of a table that begins with a code has it as its anchor', () => {
  const page = render('errors', '# E\n\n| code | s |\n| --- | --- |\n| `not_found` | 404 |\n| `GET` x | 1 |\n');
  expect(page.html).toContain('<tr id="not_found">');
  expect(page.anchors).toEqual(['not_found']);
});

test('a link that leads nowhere is found', () => {
  const pages = [render('a', '# A\n\n[x](b.md#there) [y](b.md#gone) [z](c.md)'), render('b', '# B\n\n## There')];
  expect(brokenLinks(pages)).toEqual(['a.md: b#gone', 'a.md: c']);
});

test('every page of the console is there, and every link of it leads somewhere', () => {
  const pages = readPages();
  expect(brokenLinks(pages)).toEqual([]);
  for (const slug of ['auth', 'cli', 'security', 'limits', 'alpha-access', 'faq']) expect(pages.map((page) => page.slug)).toContain(slug);
});
