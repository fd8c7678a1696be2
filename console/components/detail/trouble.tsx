// What has to be done before something goes on, in the operator's own words.

import { TriangleAlert } from 'lucide-react';
import { sentence } from '@/lib/words/sentence';
import styles from './trouble.module.css';

export function Trouble({ children }: { children: string }) {
  return (
    <div role="status" className={styles.trouble}>
      <TriangleAlert aria-hidden />
      <p>{sentence(children)}</p>
    </div>
  );
}
