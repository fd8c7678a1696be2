// A page of the site that is not there: the frame is around it already.

import type { Metadata } from 'next';
import { NothingHere } from '@/components/site/nothing-here';

export const metadata: Metadata = { title: 'Not found' };

export default NothingHere;
