// The name of the product with its mark: a server inside a perimeter with one gate.

import Link from 'next/link';
import styles from './logo.module.css';

export function Logo({ href }: { href: string }) {
  return (
    <Link href={href} className={styles.logo}>
      <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden>
        <circle cx="12" cy="12" r="9.5" fill="none" stroke="currentColor" strokeWidth="2" strokeDasharray="48 11.7" strokeDashoffset="-6" />
        <circle cx="12" cy="12" r="3.5" fill="currentColor" />
      </svg>
      Kisenon
    </Link>
  );
}
