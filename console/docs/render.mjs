// Markdown of the repository's docs/ as HTML: GitHub's dialect and anchors, links that lead to the console's
// own pages, and no raw HTML. Pure; docs/make.mjs reads and writes the files.

import { toString } from 'hast-util-to-string';
import rehypeSlug from 'rehype-slug';
import rehypeStringify from 'rehype-stringify';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import remarkRehype from 'remark-rehype';
import { unified } from 'unified';
import { SKIP, visit } from 'unist-util-visit';

/**
 * @typedef {{ id: string, text: string }} Section
 * @typedef {{ slug: string, title: string, summary: string, sections: Section[], html: string, anchors: string[], links: string[] }} Page
 */

/**
 * @param {string} slug name of the file, without `.md`
 * @param {string} markdown
 * @returns {Page}
 */
export function render(slug, markdown) {
  const found = { slug, title: '', summary: '', sections: [], anchors: [], links: [] };
  const html = unified()
    .use(remarkParse)
    .use(remarkGfm)
    .use(remarkRehype)
    .use(rehypeSlug)
    .use(() => (tree) => arrange(tree, found))
    .use(rehypeStringify)
    .processSync(markdown);
  if (!found.title) throw new Error(`docs/${slug}.md does not begin with a title`);
  return { ...found, html: String(html) };
}

const element = (tagName, properties, children) => ({ type: 'element', tagName, properties, children });
const isElement = (node, tagName) => node?.type === 'element' && node.tagName === tagName;

function arrange(tree, found) {
  tree.children = tree.children.filter((node) => !takeTitle(node, found));
  found.summary = plain(tree.children.find((node) => isElement(node, 'p')));
  visit(tree, 'element', (node, index, parent) => {
    if (/^h[2-6]$/.test(node.tagName)) return heading(node, found);
    if (node.tagName === 'a') link(node, found);
    // What is wider than the page scrolls by itself, with the keyboard too.
    if (node.tagName === 'pre') Object.assign(node.properties, { tabIndex: 0, role: 'group', ariaLabel: 'Code' });
    if (node.tagName === 'tr') row(node, found);
    // Markdown has no tables without heads; a head that says nothing is none.
    if (node.tagName === 'th' && toString(node) === '') node.tagName = 'td';
    if (node.tagName === 'table' && parent.properties?.role !== 'group') {
      parent.children[index] = element('div', { tabIndex: 0, role: 'group', ariaLabel: 'Table', className: ['wide'] }, [node]);
      return [SKIP, index];
    }
    return undefined;
  });
}

/** The page shows the title itself. */
function takeTitle(node, found) {
  if (!isElement(node, 'h1')) return false;
  if (found.title) throw new Error(`docs/${found.slug}.md has two titles`);
  found.title = toString(node);
  return true;
}

function heading(node, found) {
  const { id } = node.properties;
  const text = toString(node);
  found.anchors.push(id);
  if (node.tagName === 'h2') found.sections.push({ id, text });
  node.children = [element('a', { href: `#${id}`, className: ['anchor'] }, node.children)];
  return SKIP;
}

/** A row that begins with nothing but code can be linked to by it, as problems link to their codes. */
function row(node, found) {
  const [first] = node.children.filter((child) => isElement(child, 'td'));
  const code = first?.children.length === 1 && isElement(first.children[0], 'code') ? toString(first) : '';
  if (!/^[a-z][a-z0-9_-]*$/.test(code) || found.anchors.includes(code)) return;
  node.properties.id = code;
  found.anchors.push(code);
}

function link(node, found) {
  const href = String(node.properties.href ?? '');
  if (/^https:\/\//.test(href) || /^mailto:/.test(href)) return;
  const local = /^(?:([a-z0-9-]+)\.md)?(#.+)?$/.exec(href);
  if (!local || href === '') throw new Error(`docs/${found.slug}.md links to ${href}: link to a file beside it, or write the whole URL`);
  const [, file = found.slug, anchor = ''] = local;
  found.links.push(file + anchor);
  node.properties.href = `/docs/${file}${anchor}`;
}

function plain(paragraph) {
  return paragraph ? toString(paragraph).replace(/\s+/g, ' ').trim() : '';
}

/**
 * Links that lead nowhere, as `file: link`.
 * @param {Page[]} pages
 */
export function brokenLinks(pages) {
  const anchors = new Map(pages.map((page) => [page.slug, new Set(page.anchors)]));
  return pages.flatMap(({ slug, links }) =>
    links
      .filter((link) => {
        const [file, anchor] = link.split('#');
        return anchor === undefined ? !anchors.has(file) : !anchors.get(file)?.has(anchor);
      })
      .map((link) => `${slug}.md: ${link}`),
  );
}
