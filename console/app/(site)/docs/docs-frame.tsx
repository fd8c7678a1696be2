// What is around every page of the documentation: the list of pages, and that of the page's own sections.

import Link from 'next/link';
import type { ReactNode } from 'react';
import { docsGroups, type DocsPage } from '@/lib/docs/pages';
import styles from './docs-frame.module.css';

export function DocsFrame({ page, children }: { page?: DocsPage; children: ReactNode }) {
  return (
    <div className={styles.frame}>
      <nav aria-label="Pages of the documentation" className={styles.pages}>
        {docsGroups().map(({ name, pages }) => (
          <section key={name} aria-labelledby={`docs-${name}`}>
            <h2 id={`docs-${name}`} className={styles.group}>
              {name}
            </h2>
            <ul>
              {pages.map(({ slug, title }) => (
                <li key={slug}>
                  <Link href={`/docs/${slug}`} prefetch={false} className={styles.link} aria-current={slug === page?.slug ? 'page' : undefined}>
                    {title}
                  </Link>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </nav>
      {children}
      {page && page.sections.length > 1 && (
        <nav aria-label="On this page" className={styles.sections}>
          <h2 className={styles.group}>On this page</h2>
          <ul>
            {page.sections.map(({ id, text }) => (
              <li key={id}>
                <a href={`#${id}`} className={styles.link}>
                  {text}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      )}
    </div>
  );
}
