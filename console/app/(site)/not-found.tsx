// A page of the site that is not there: the frame is around it already.

import { NothingHere } from '@/components/site/nothing-here';

export default NothingHere;
