// A piece of code or a value to copy.

import styles from './code-block.module.css';
import { CopyButton } from './copy-button';

interface CodeBlockProps {
  code: string;
  /** What it is, for the copy button and for screen readers. */
  what: string;
  /** Shown in place of the code, such as one with its password hidden. The code is what is copied. */
  shown?: string;
}

export function CodeBlock({ code, what, shown }: CodeBlockProps) {
  return (
    <div className={styles.block}>
      <pre tabIndex={0} role="region" aria-label={what}>
        <code>{shown ?? code}</code>
      </pre>
      <div className={styles.copy}>
        <CopyButton text={code} what={what} />
      </div>
    </div>
  );
}
