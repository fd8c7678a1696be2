'use client';
// One button for each provider. next-auth's own client begins the sign-in, with its protection against forgery.

import { signIn } from 'next-auth/react';
import { useState } from 'react';
import { Button } from '@/components/button';
import type { ProviderChoice } from '@/lib/auth';
import { ProviderMark } from './provider-mark';
import styles from './sign-in.module.css';

interface SignInButtonsProps {
  providers: ProviderChoice[];
  callbackUrl: string;
}

export function SignInButtons({ providers, callbackUrl }: SignInButtonsProps) {
  const [chosen, setChosen] = useState<string>();
  return (
    <ul className={styles.buttons}>
      {providers.map(({ id, title }) => (
        <li key={id}>
          <Button
            className={styles.button}
            pending={chosen === id}
            disabled={chosen !== undefined && chosen !== id}
            onClick={() => {
              setChosen(id);
              void signIn(id, { callbackUrl });
            }}
          >
            {chosen !== id && <ProviderMark id={id} />}
            Continue with {title}
          </Button>
        </li>
      ))}
    </ul>
  );
}
