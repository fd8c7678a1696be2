'use client';
// Copies a text and says so, to eyes and to screen readers.

import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Button, IconButton } from './button';

interface CopyButtonProps {
  /** A function is asked when it is to be copied: for a text that must not be in the page before. */
  text: string | (() => Promise<string>);
  /** What is copied, such as “connection string”. */
  what: string;
  /** With the word beside the icon. */
  labelled?: boolean;
}

const SHOWN = 2000;

export function CopyButton({ text, what, labelled }: CopyButtonProps) {
  const [state, setState] = useState<'ready' | 'copied' | 'failed'>('ready');
  useEffect(() => {
    if (state === 'ready') return;
    const timer = setTimeout(() => setState('ready'), SHOWN);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () =>
    (typeof text === 'string' ? navigator.clipboard.writeText(text) : text().then((asked) => navigator.clipboard.writeText(asked))).then(
      () => setState('copied'),
      () => setState('failed'),
    );
  const icon = state === 'copied' ? <Check aria-hidden /> : <Copy aria-hidden />;
  const said = { ready: '', copied: 'Copied', failed: 'Not copied: select the text instead' }[state];
  return (
    <>
      {labelled ? (
        <Button small onClick={copy}>
          {icon}
          {state === 'ready' ? `Copy ${what}` : said}
        </Button>
      ) : (
        <IconButton small label={state === 'failed' ? said : `Copy ${what}`} onClick={copy}>
          {icon}
        </IconButton>
      )}
      <span className="only-heard" role="status">
        {said}
      </span>
    </>
  );
}
