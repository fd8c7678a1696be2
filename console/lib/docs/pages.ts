// The documentation as docs/make.mjs has made it from the repository's docs/*.md.

import 'server-only';
import made from './pages.json';

export interface DocsPage {
  slug: string;
  title: string;
  /** The first paragraph, as text. */
  summary: string;
  /** What the headings of the second level say, and where they are. */
  sections: { id: string; text: string }[];
  /** Made from files of the repository alone, without any HTML of theirs. */
  html: string;
}

const bySlug = new Map<string, DocsPage>(made.pages.map((page) => [page.slug, page]));

export function docsPage(slug: string): DocsPage | undefined {
  return bySlug.get(slug);
}

/** All pages in the order of their reading. */
export function docsGroups(): { name: string; pages: DocsPage[] }[] {
  return made.groups.map(({ name, slugs }) => ({ name, pages: slugs.flatMap((slug) => bySlug.get(slug) ?? []) }));
}
