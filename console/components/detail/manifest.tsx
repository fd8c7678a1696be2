'use client';
// The same thing as YAML, ready for Git. The writer of YAML is loaded only where it is needed.

import { Download } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Button } from '../button';
import { CodeBlock } from '../code-block';
import { CopyButton } from '../copy-button';
import { saveAs } from './save-as';
import styles from './manifest.module.css';
import { Section } from './section';

type Writer = typeof import('@/lib/kubernetes/manifest');

interface ManifestProps {
  /** Name of the file. */
  file: string;
  write: (writer: Writer) => string;
  notes?: readonly string[];
}

export function Manifest({ file, write, notes = [] }: ManifestProps) {
  const [writer, setWriter] = useState<Writer>();
  useEffect(() => {
    void import('@/lib/kubernetes/manifest').then(setWriter);
  }, []);
  const text = writer ? write(writer) : '';
  return (
    <Section
      title="The same as YAML"
      description="Keep it in Git, and apply it with kubectl, Argo CD or Flux: it leads to the same state as this console."
      actions={
        <>
          <CopyButton text={text} what="YAML" labelled />
          <Button small disabled={!text} onClick={() => saveAs(file, text, 'application/yaml')}>
            <Download aria-hidden />
            Download
          </Button>
        </>
      }
    >
      <div className={styles.text}>{text && <CodeBlock code={text} what={file} />}</div>
      {notes.map((note) => (
        <p key={note} className={styles.note}>
          {note}
        </p>
      ))}
      <CodeBlock code={`kubectl apply --server-side -f ${file}`} what="command" />
    </Section>
  );
}
