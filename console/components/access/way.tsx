// A line of the picture: an arrow where the way is open, a line that ends at a bar where it is closed.

import styles from './way.module.css';

interface WayProps {
  state: 'open' | 'closed';
  /** The part behind the rule, which a closed way does not have. */
  end?: boolean;
  className?: string | undefined;
}

export function Way({ state, end = false, className }: WayProps) {
  const isOpen = state === 'open';
  if (!isOpen && end) return <span className={className} aria-hidden />;
  return (
    <svg className={`${styles.way} ${isOpen ? styles.open : styles.closed} ${className ?? ''}`} viewBox="0 0 48 16" aria-hidden>
      <path d={isOpen ? 'M0 8H45' : 'M0 8H36'} strokeDasharray={isOpen ? undefined : '4 4'} />
      {isOpen && end && <path d="M39 3L45 8L39 13" />}
      {!isOpen && <path d="M38 1V15" strokeWidth="3" />}
    </svg>
  );
}
