// Makes lib/docs/pages.json from the repository's docs/*.md, before the console is built: what runs later
// neither reads Markdown nor has the files.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CONTENTS } from './contents.mjs';
import { brokenLinks, render } from './render.mjs';

const folder = new URL('../../docs/', import.meta.url);
const made = new URL('../lib/docs/pages.json', import.meta.url);

/** Every page that the console shows, as its Markdown stands now. */
export function readPages() {
  return CONTENTS.flatMap(({ pages }) => pages).map((slug) => render(slug, readFileSync(new URL(`${slug}.md`, folder), 'utf8')));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const pages = readPages();
  const broken = brokenLinks(pages);
  if (broken.length > 0) {
    console.error(`links of docs/ lead nowhere in the console (console/docs/contents.mjs lists its pages):\n  ${broken.join('\n  ')}`);
    process.exit(1);
  }
  const groups = CONTENTS.map(({ name, pages: slugs }) => ({ name, slugs }));
  const shown = pages.map(({ slug, title, summary, sections, html }) => ({ slug, title, summary, sections, html }));
  writeFileSync(made, JSON.stringify({ groups, pages: shown }));
}
