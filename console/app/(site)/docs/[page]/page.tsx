// One page of the documentation, from a file of the repository's docs/.

import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { docsPage } from '@/lib/docs/pages';
import { DocsFrame } from '../docs-frame';
import styles from './prose.module.css';

export async function generateMetadata({ params }: PageProps<'/docs/[page]'>): Promise<Metadata> {
  const page = docsPage((await params).page);
  return page ? { title: page.title, description: page.summary } : { title: 'Not found' };
}

export default async function DocumentPage({ params }: PageProps<'/docs/[page]'>) {
  const page = docsPage((await params).page);
  if (!page) notFound();
  return (
    <DocsFrame page={page}>
      <article className={styles.prose}>
        <h1>{page.title}</h1>
        {/* Made when the console was built, from Markdown whose own HTML is left out (docs/render.mjs). */}
        <div dangerouslySetInnerHTML={{ __html: page.html }} />
      </article>
    </DocsFrame>
  );
}
