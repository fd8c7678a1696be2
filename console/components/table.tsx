// A table that scrolls sideways where it does not fit, and says so to the keyboard.

import type { ReactNode } from 'react';
import { classNames } from './class-names';
import styles from './table.module.css';

interface TableProps {
  /** What the table lists, for screen readers. */
  caption: string;
  /** Heads of the columns; an empty one is a column of actions. */
  columns: readonly string[];
  /** `<tr>`s with one `<Cell>` for each column. */
  children: ReactNode;
}

export function Table({ caption, columns, children }: TableProps) {
  return (
    <div className={styles.frame} role="region" aria-label={caption} tabIndex={0}>
      <table className={styles.table}>
        <caption className="only-heard">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column, index) => (
              <th key={column || index} scope="col">
                {column || <span className="only-heard">Actions</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

interface CellProps {
  children: ReactNode;
  /** Names its row. */
  head?: boolean;
  /** Of less weight. */
  soft?: boolean;
  /** Buttons, at the right. */
  actions?: boolean;
}

export function Cell({ children, head, soft, actions }: CellProps) {
  const className = classNames(soft && styles.soft, actions && styles.actions);
  return head ? (
    <th scope="row" className={className}>
      {children}
    </th>
  ) : (
    <td className={className}>{children}</td>
  );
}
