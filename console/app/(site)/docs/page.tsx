// The documentation's front page.

import type { Metadata } from 'next';
import Link from 'next/link';
import { docsGroups } from '@/lib/docs/pages';
import styles from './contents.module.css';

export const metadata: Metadata = { title: 'Docs' };

export default function DocsPage() {
  return (
    <div className={styles.contents}>
      <h1>Documentation</h1>
      <p className={styles.lead}>How to sign in, what keys and limits there are, and what Kisenon promises.</p>
      {docsGroups().map(({ name, pages }) => (
        <section key={name} aria-labelledby={`docs-${name}`} className={styles.group}>
          <h2 id={`docs-${name}`}>{name}</h2>
          <ul className={styles.pages}>
            {pages.map(({ slug, title, summary }) => (
              <li key={slug}>
                <h3>
                  <Link href={`/docs/${slug}`} prefetch={false}>
                    {title}
                  </Link>
                </h3>
                <p>{summary}</p>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}
