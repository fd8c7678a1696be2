'use client';
// Makes a key: what it is for and what it may do, then the key itself, once.

import { useEffect, useState } from 'react';
import { flushSync } from 'react-dom';
import { Dialog } from '@/components/dialog';
import type { components } from '@/lib/api/schema';
import { NewKeyForm } from './new-key-form';
import { ShownOnce } from './shown-once';

type CreatedApiKey = components['schemas']['CreatedApiKey'];

export interface ProjectChoice {
  name: string;
  title: string;
}

interface NewKeyProps {
  projects: ProjectChoice[];
  apiUrl: string;
  /** There is one key more. */
  onMade: () => void;
  onClose: () => void;
}

export function NewKey({ projects, apiUrl, onMade, onClose }: NewKeyProps) {
  const [made, setMade] = useState<CreatedApiKey>();
  useEffect(() => {
    // A page that is left may be kept as it was, for the back button. The key must not be on it then.
    const leave = () => flushSync(onClose);
    window.addEventListener('pagehide', leave);
    return () => window.removeEventListener('pagehide', leave);
  }, [onClose]);
  const onCreated = (key: CreatedApiKey) => {
    setMade(key);
    onMade();
  };
  return made ? (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Copy your new key now"
      description="It is shown this once. Only a hash of it is kept, so nobody can show it again."
      dismissable={false}
      wide
    >
      <ShownOnce made={made} apiUrl={apiUrl} onClose={onClose} />
    </Dialog>
  ) : (
    <Dialog open onOpenChange={(open) => !open && onClose()} title="Create API key">
      <NewKeyForm projects={projects} onCreated={onCreated} onClose={onClose} />
    </Dialog>
  );
}
