'use client';
// The key under which a creation is sent: the same for the same request, so that sending it again makes nothing
// twice, and a new one for each other request.

import { useRef } from 'react';

export function useIdempotencyKey(): (body: unknown) => string {
  const last = useRef<{ body: string; key: string }>(undefined);
  return (body) => {
    const text = JSON.stringify(body);
    if (last.current?.body !== text) last.current = { body: text, key: crypto.randomUUID() };
    return last.current.key;
  };
}
