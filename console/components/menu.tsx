'use client';
// A menu that opens from a button.

import { DropdownMenu } from 'radix-ui';
import { createContext, useContext, useRef, useState, type ReactNode, type RefObject } from 'react';
import styles from './menu.module.css';
import { useStyleNonce } from './style-nonce';

interface MenuProps {
  /** The button: one element that takes a ref and props. */
  trigger: ReactNode;
  /** MenuItem, MenuNote and MenuLine. */
  children: ReactNode;
  align?: 'start' | 'end';
}

/** The button of the menu that an item is in. */
const Opener = createContext<RefObject<HTMLButtonElement | null> | undefined>(undefined);

export function Menu({ trigger, children, align = 'end' }: MenuProps) {
  useStyleNonce();
  const opener = useRef<HTMLButtonElement>(null);
  const [landmark, setLandmark] = useState<HTMLElement | null>();
  // Not modal, so that the page stays readable beside it. In the landmark of its button, where readers look for it, but not
  // in the button's table, whose cells would lie over it.
  return (
    <DropdownMenu.Root modal={false} onOpenChange={(open) => open && setLandmark(opener.current?.closest<HTMLElement>('main, header'))}>
      <DropdownMenu.Trigger asChild ref={opener}>
        {trigger}
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal container={landmark}>
        <DropdownMenu.Content className={styles.content} align={align} sideOffset={6} collisionPadding={8}>
          <Opener value={opener}>{children}</Opener>
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

export function MenuItem({ danger, onSelect, ...rest }: MenuItemProps) {
  const opener = useContext(Opener);
  // A dialog that opens leads focus back to what had it, and the item will be gone by then.
  const select = () => {
    opener?.current?.focus();
    onSelect?.();
  };
  return <DropdownMenu.Item {...rest} onSelect={select} className={danger ? `${styles.item} ${styles.danger}` : styles.item} />;
}

/** A line of text that cannot be chosen. */
export function MenuNote({ children }: { children: ReactNode }) {
  return <DropdownMenu.Label className={styles.note}>{children}</DropdownMenu.Label>;
}

export function MenuLine() {
  return <DropdownMenu.Separator className={styles.line} />;
}
