'use client';
// Watches for signs of life on every page of the console.

import { useEffect } from 'react';
import { keepAlive } from '@/lib/session/keep-alive';

export function SessionKeeper() {
  useEffect(() => keepAlive.start(), []);
  return null;
}
