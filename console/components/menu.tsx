'use client';
// A menu that opens from a button.

import { DropdownMenu } from 'radix-ui';
import type { ReactNode } from 'react';
import styles from './menu.module.css';
import { useStyleNonce } from './style-nonce';

interface MenuProps {
  /** The button: one element that takes a ref and props. */
  trigger: ReactNode;
  /** MenuItem, MenuNote and MenuLine. */
  children: ReactNode;
  align?: 'start' | 'end';
}

export function Menu({ trigger, children, align = 'end' }: MenuProps) {
  useStyleNonce();
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className={styles.content} align={align} sideOffset={6} collisionPadding={8}>
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

interface MenuItemProps {
  children: ReactNode;
  /** Absent with `asChild`, where the child is a link. */
  onSelect?: () => void;
  danger?: boolean;
  disabled?: boolean;
  asChild?: boolean;
}

export function MenuItem({ danger, ...rest }: MenuItemProps) {
  return <DropdownMenu.Item {...rest} className={danger ? `${styles.item} ${styles.danger}` : styles.item} />;
}

/** A line of text that cannot be chosen. */
export function MenuNote({ children }: { children: ReactNode }) {
  return <DropdownMenu.Label className={styles.note}>{children}</DropdownMenu.Label>;
}

export function MenuLine() {
  return <DropdownMenu.Separator className={styles.line} />;
}
