// The frame of every page: language, styles, and the nonce of this answer for styles that scripts add.

import type { Metadata, Viewport } from 'next';
import { connection } from 'next/server';
import type { ReactNode } from 'react';
import './styles/tokens.css';
import './styles/base.css';

export const metadata: Metadata = {
  title: { default: 'Kisenon', template: '%s · Kisenon' },
  description: 'Postgres endpoints on Kubernetes, each behind its own network perimeter.',
};

export const viewport: Viewport = {
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#fbfcfc' },
    { media: '(prefers-color-scheme: dark)', color: '#0d1213' },
  ],
};

export default async function RootLayout({ children }: { children: ReactNode }) {
  // Every answer has a nonce of its own, so no page can be made beforehand.
  await connection();
  return (
    <html lang="en">
      <body>
        <a className="skip" href="#main">
          Skip to content
        </a>
        {children}
      </body>
    </html>
  );
}
