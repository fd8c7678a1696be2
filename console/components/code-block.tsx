// A piece of code or a value to copy.

import styles from './code-block.module.css';
import { CopyButton } from './copy-button';

type CodeBlockProps = {
  /** What it is, for the copy button and for screen readers. */
  what: string;
} & (
  | { code: string; shown?: string }
  /** Shown in place of the code, such as one with its password hidden. The code is asked for when it is copied. */
  | { code: () => Promise<string>; shown: string }
);

export function CodeBlock({ code, what, shown }: CodeBlockProps) {
  return (
    <div className={styles.block}>
      <pre tabIndex={0} role="region" aria-label={what}>
        <code>{shown ?? (code as string)}</code>
      </pre>
      <div className={styles.copy}>
        <CopyButton text={code} what={what} />
      </div>
    </div>
  );
}
