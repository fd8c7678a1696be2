'use client';
// A page of the console that could not be made; the bar and the navigation stay.

export { Failure as default } from '@/components/site/failure';
