'use client';
// Who is signed in, and the way out.

import { LogOut } from 'lucide-react';
import { useRef } from 'react';
import { Button } from '../button';
import { Menu, MenuItem, MenuLine, MenuNote } from '../menu';
import styles from './account-menu.module.css';

export function AccountMenu({ name, email }: { name: string; email: string }) {
  const form = useRef<HTMLFormElement>(null);
  return (
    <>
      {/* A form, so that signing out is a POST that other sites cannot cause. Outside of the menu, which closes. */}
      <form ref={form} action="/sign-out" method="post" />
      <Menu
        trigger={
          <Button kind="quiet">
            <span className="only-heard">Account of</span>
            <span className={styles.initial} aria-hidden>
              {name.charAt(0).toUpperCase()}
            </span>
            <span className={styles.email}>{email}</span>
          </Button>
        }
      >
        <MenuNote>
          <span className={styles.who}>{name}</span>
          {name !== email && <span className={styles.soft}>{email}</span>}
        </MenuNote>
        <MenuLine />
        <MenuItem onSelect={() => form.current?.requestSubmit()}>
          <LogOut aria-hidden />
          Sign out
        </MenuItem>
      </Menu>
    </>
  );
}
