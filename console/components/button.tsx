// Buttons, and links that look like buttons.

import Link from 'next/link';
import type { ComponentProps } from 'react';
import styles from './button.module.css';
import { classNames } from './class-names';

type Kind = 'primary' | 'secondary' | 'quiet' | 'danger';

interface Look {
  kind?: Kind;
  /** For dense places such as rows of tables. */
  small?: boolean;
}

type ButtonProps = ComponentProps<'button'> &
  Look & {
    /** What was asked for is being done: the button stays focusable and does nothing. */
    pending?: boolean;
  };

export function Button({ kind = 'secondary', small, pending, type = 'button', className, onClick, children, ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      type={pending ? 'button' : type}
      aria-disabled={pending || undefined}
      aria-busy={pending || undefined}
      onClick={pending ? (event) => event.preventDefault() : onClick}
      className={look(kind, small, className)}
    >
      {pending && <span className={styles.spinner} aria-hidden />}
      {children}
    </button>
  );
}

export function ButtonLink({ kind = 'secondary', small, className, ...rest }: ComponentProps<typeof Link> & Look) {
  return <Link {...rest} className={look(kind, small, className)} />;
}

/** A button that is an icon alone. The label is what screen readers say, and what the pointer shows. */
export function IconButton({ label, className, ...rest }: Omit<ButtonProps, 'aria-label' | 'title'> & { label: string }) {
  return <Button kind="quiet" {...rest} aria-label={label} title={label} className={classNames(styles.icon, className)} />;
}

function look(kind: Kind, small?: boolean, more?: string): string {
  return classNames(styles.button, styles[kind], small && styles.small, more);
}
